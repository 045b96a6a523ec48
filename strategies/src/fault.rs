//! Strategies that are wrong on purpose, to show that probes can fail.
//!
//! A probe that every strategy passes proves something only if it would catch one that is wrong. Each strategy here is
//! `hardlink+aggressive` (`symlink+aggressive` for a missing lock) with one mistake that a design could really make, as an
//! option of its keys or its store. No glob but `broken:*` picks them, and nothing but `harness probe` takes them.

use crate::catalog::Strategy;
use crate::key::{Input, KeyOptions};
use crate::link::LinkMode;
use crate::store::StoreKind;
use crate::store::faulty::{StoreFault, faulty, open_faulty};
use crate::units::Units;
use crate::{policy, store};

/// What their names begin with.
pub(crate) const PREFIX: &str = "broken:";

/// A mistake.
struct NamedFault {
    name: &'static str,
    about: &'static str,
    make: fn(&mut Units),
}

static SHARED_FINGERPRINTS: StoreKind = faulty(|root| open_faulty(root, StoreFault::SharedFingerprints));
static TRUSTING: StoreKind = faulty(|root| open_faulty(root, StoreFault::Trusting));
static MANIFEST_FIRST: StoreKind = faulty(|root| open_faulty(root, StoreFault::ManifestFirst));
static TORN_FILES: StoreKind = faulty(|root| open_faulty(root, StoreFault::TornFiles));
static NO_LOCK: StoreKind = faulty(|root| open_faulty(root, StoreFault::NoLock));
static READS_ALL: StoreKind = faulty(|root| open_faulty(root, StoreFault::ReadsAll));

const FAULTS: [NamedFault; 11] = [
    NamedFault {
        name: "narrow-key",
        about: "keys hold names and versions only: no features, flags, sources, contents",
        make: |units| {
            let named = [Input::PackageName, Input::Version, Input::TargetKind, Input::TargetName, Input::Mode];
            units.options.key = KeyOptions::without(Input::all().filter(|input| !named.contains(input)));
        },
    },
    NamedFault {
        name: "no-content",
        about: "keys leave out the contents of dependencies",
        make: |units| units.options.key = KeyOptions::without([Input::DependencyContents]),
    },
    NamedFault {
        name: "shared-fingerprints",
        about: "files that Cargo rewrites are shared with the store",
        make: |units| units.store = &SHARED_FINGERPRINTS,
    },
    NamedFault {
        name: "old-fingerprints",
        about: "restored fingerprints are older than the sources",
        make: |units| units.options.old_fingerprints = true,
    },
    NamedFault {
        name: "trusting",
        about: "stored files are used without a look at size and time",
        make: |units| units.store = &TRUSTING,
    },
    NamedFault {
        name: "manifest-first",
        about: "manifests are written before the files they name",
        make: |units| units.store = &MANIFEST_FIRST,
    },
    NamedFault {
        name: "torn-files",
        about: "files have their final name before their bytes",
        make: |units| units.store = &TORN_FILES,
    },
    NamedFault {
        name: "no-lock",
        about: "builds do not keep collection away",
        make: |units| {
            units.store = &NO_LOCK;
            // What collection removes is missed only where build directories link into the store.
            units.link = LinkMode::Symlink;
        },
    },
    NamedFault {
        name: "keeps-outdated",
        about: "dependents of a restored unit stay, whatever they were compiled against",
        make: |units| units.options.keep_outdated = true,
    },
    NamedFault {
        name: "adopts",
        about: "what Cargo finds fresh is published under the key that it has now",
        make: |units| units.options.publish_fresh = true,
    },
    NamedFault {
        name: "reads-all",
        about: "every lookup reads the whole store",
        make: |units| units.store = &READS_ALL,
    },
];

/// Every strategy with a mistake, by name.
pub(crate) fn all() -> Vec<(String, Strategy)> {
    let broken = |fault: &NamedFault| {
        let mut units = Units {
            policy: &policy::AGGRESSIVE,
            link: LinkMode::Hardlink,
            store: store::ALL[0],
            options: Default::default(),
            fault: Some(fault.about),
        };
        (fault.make)(&mut units);
        (format!("{PREFIX}{}", fault.name), Strategy::Units(units))
    };
    FAULTS.iter().map(broken).collect()
}
