//! Every Chinese string a person sees that is shared; safe text; pinyin.

pub mod safe;
pub mod till;
pub mod toolkit; // the frame, forms and popups of the screens
