//! What screens are put together from. One file a widget; none knows the desk.

pub mod ask;
pub mod compare;
pub mod edit;
pub mod field;
pub mod form;
mod form_draw;
pub mod gauge;
pub mod kind;
pub mod suggest;
pub mod table;
