//! The screens: terminal, stack, widgets.

pub mod canvas;
pub mod chrome;
pub mod decode;
pub mod drafts;
pub mod format;
pub mod help;
pub mod input;
pub mod key;
pub mod keymap;
pub mod notation;
pub mod palette;
pub mod run;
pub mod safe;
pub mod screen;
pub mod stack;
pub mod terminal;
pub mod theme;
pub mod widgets;
