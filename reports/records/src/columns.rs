//! One list for each table and each set of words: names, values and meanings come from the
//! declaration of the type alone.

/// A column of a table of a run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Its values: `text`, a unit, or the words that are possible.
    pub value: &'static str,
    /// What it means.
    pub doc: &'static str,
}

impl Column {
    /// Columns as the Markdown table that `reports/FORMAT.md` shows.
    pub fn markdown(columns: &[Self]) -> String {
        let row = |it: &Self| format!("| `{}` | {} | {} |\n", it.name, it.value, it.doc.trim());
        columns.iter().fold("| column | value | meaning |\n|---|---|---|\n".to_owned(), |out, it| out + &row(it))
    }
}

/// Declares a row type. The string behind each field names the values of its column.
#[macro_export]
macro_rules! table_row {
    (
        $(#[$meta:meta])*
        pub struct $row:ident {
            $($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)*)])? pub $name:ident: $type:ty = $value:literal,)+
        }
    ) => {
        $(#[$meta])*
        pub struct $row {
            $($(#[doc = $doc])+ $(#[serde($($serde)*)])? pub $name: $type,)+
        }

        impl $row {
            /// The header, in order. Later columns are appended, none is renamed or moved.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name)),+];
            /// The same columns with their values and meanings.
            pub const DESCRIBED: &'static [$crate::Column] = &[
                $($crate::Column { name: stringify!($name), value: $value, doc: concat!($($doc),+) }),+
            ];
        }
    };
}

/// Declares an enum whose variants are words of a column.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$about:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$about])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the column.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;
