//! The toolkit's own words: what the frame, the forms and the popups say.

/// On every screen of a practice database.
pub const PRACTICE: &str = "练习库，不是真账";
/// Esc on the bottom line.
pub const BACK: &str = "返回";
/// Title of F1.
pub const HELP_TITLE: &str = "帮助";
/// Title of Ctrl-P.
pub const PALETTE_TITLE: &str = "命令";
/// In F1, above the keys of the screen.
pub const HELP_HERE: &str = "这一屏";
/// In F1, above the keys that work everywhere.
pub const HELP_EVERYWHERE: &str = "各屏都一样";
/// In the palette, before the box.
pub const SEARCH: &str = "找";
/// A list or search without a hit.
pub const NOTHING_FOUND: &str = "没有找到，换几个字再试";
/// An empty list.
pub const NOTHING_HERE: &str = "没有内容";
/// Yes in a popup.
pub const YES: &str = "确定";
/// Before the reason why a thing cannot be done now.
pub const NOT_NOW: &str = "这个键现在不能用";
/// The draft store does not write.
pub const DRAFT_FAILED: &str = "草稿没有存上，请告诉管理员";
/// A choice field.
pub const PICK_HINT: &str = "F4 选单";
/// Column heads of an after-picture.
pub const BEFORE: &str = "现在";
/// See [`BEFORE`].
pub const AFTER: &str = "改后";
/// See [`BEFORE`].
pub const DIFFERENCE: &str = "差";

/// The row a question was asked about is no longer in the list.
pub const ROW_GONE: &str = "问到的那一行在别处刚办了，没有再办，请重新选";

/// A function key that a popup has no use for.
pub const NOT_HERE: &str = "这里不用这个键，能用的在最下一行";

/// What to do about letters and digits that nothing takes.
pub const NO_FIELD: &str = "要找别的户或单，先按 F3";

/// Keys that were not taken after a refusal.
pub fn not_taken(keys: usize) -> String {
    format!("没有办成，后面按的 {keys} 个键没有收")
}

/// Keys that were not taken before a screen that opened by itself was seen.
pub fn not_taken_yet(keys: usize) -> String {
    format!("这一屏刚打开，先按的 {keys} 个键没有收")
}

/// Letters and digits typed where nothing takes them, and the keys behind them.
pub fn not_typed(keys: usize) -> String {
    format!("这里不收打字，按的 {keys} 个键没有收")
}

/// A form that came back with what was typed before.
pub fn resumed(at: &str) -> String {
    format!("接着 {at} 没办完的，Ctrl-N 另起")
}

/// The same was thrown away.
pub const BLANK: &str = "已清空，从头填";

/// Popups with words in them that went when another person took the desk.
pub fn not_kept(titles: &[String]) -> String {
    let names: Vec<&str> = titles.iter().map(|title| title.trim()).collect();
    format!("没有留下：{}，还没有办，请本人重新填", names.join("、"))
}

/// Too many layers lie on each other.
pub fn too_deep(layers: usize) -> String {
    format!("已经打开了 {layers} 层，先按 Esc 返回，或按 F3 回首页")
}

/// The window is too small.
pub fn too_small(width: u16, height: u16) -> String {
    format!("窗口太小：现在 {width}×{height}，至少要 80×24。请放大窗口，放大后接着做。")
}

/// Which rows of a list are in sight.
pub fn of_rows(at: usize, len: usize) -> String {
    format!("{at}/{len}")
}

/// Mistakes of the field kinds: what is wrong and what to do.
pub mod mistake {
    /// A required field is empty.
    pub fn empty(label: &str) -> String {
        format!("{label}没有填，请填写")
    }
    /// Longer than allowed.
    pub fn too_long(max: usize, have: usize) -> String {
        format!("太长了，最多 {max} 个字，现在 {have} 个，请删短")
    }
    /// Not a number.
    pub const NUMBER: &str = "不是数，请只填数字和一个小数点";
    /// A comma that does not part thousands.
    pub const GROUPS: &str = "逗号只用来分千位，如 1,000；小数请用点";
    /// More decimals than allowed.
    pub fn decimals(decimals: u8) -> String {
        match decimals {
            0 => "要整数，请去掉小数".into(),
            n => format!("最多 {n} 位小数，请去掉多余的"),
        }
    }
    /// A negative number where none is allowed.
    pub const NEGATIVE: &str = "不能是负数，请改成正数";
    /// Too many digits for any amount.
    pub const NUMBER_TOO_LARGE: &str = "数太大了，请核对位数";
    /// No date.
    pub const DATE: &str = "不是日期，请按 2026-11-21、1121 或 21 的样子填";
    /// A date outside what the program knows.
    pub const DATE_RANGE: &str = "日期要在 1900 年到 2199 年之间，请核对年份";
    /// No phone number.
    pub const PHONE: &str = "不是电话号码，请填手机 11 位或区号加号码";
    /// No printed number.
    pub const CODE: &str = "只能有字母、数字和 - . /，请去掉别的字";
    /// Typed into a choice field, and no choice is called so.
    pub fn no_such_choice(typed: &str) -> String {
        format!("选单里没有“{typed}”，请按 F4 选一个")
    }
    /// Not one of the choices.
    pub const CHOICE: &str = "不在选单里，请按 F4 选一个";
}
