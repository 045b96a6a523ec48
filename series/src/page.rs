//! The past as a document.
