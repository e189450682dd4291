//! What a good row says, in types.

/// Declares the fields a profile may name and where they stand in a file.
macro_rules! columns {
    ($($field:ident),+ $(,)?) => {
        /// Columns of the fields; `None` where the file has none.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Columns {
            $(#[allow(missing_docs)] pub $field: Option<usize>),+
        }

        impl Columns {
            /// Names of all fields, as profiles write them.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];

            /// The columns of a file.
            pub fn of(layout: &crate::inbound::profile::Layout) -> Self {
                Self { $($field: layout.column(stringify!($field))),+ }
            }
        }
    };
}

pub mod customer;
pub mod reading;
pub mod swap;

pub use customer::CustomerRow;
pub use reading::ReadingRow;
pub use swap::SwapRow;
