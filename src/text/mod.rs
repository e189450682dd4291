//! Every Chinese string a person sees that is shared; safe text; pinyin.

pub mod safe;
