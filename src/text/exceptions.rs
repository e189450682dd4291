//! Words of the exceptions (疑问): what does not fit, for lists and screens.

/// Stable word and what people read.
const WORDS: &[(&str, &str)] = &[
    ("account_no", "户号重复"),
    ("adjusted_twice", "账单调整了两次"),
    ("after_close", "交班后又有收付"),
    ("amended_old_owner", "改的是原户主"),
    ("approval_right", "批准人权限已收回"),
    ("approved_and_rejected", "一处批准一处不同意"),
    ("approved_by_checker", "复核人自己批准"),
    ("approved_by_maker", "经办人自己批准"),
    ("approved_unchecked", "没有复核就批准"),
    ("balance_negative", "余额不足"),
    ("bank_conflict", "银行资料两处改得不同"),
    ("billed_twice", "同一读数出了两张账单"),
    ("calendar", "同一年两份日历"),
    ("checked_by_maker", "经办人自己复核"),
    ("checked_twice", "复核了两次"),
    ("class_conflict", "价格类别两处改得不同"),
    ("closed_twice", "交班了两次"),
    ("confirmed_by_maker", "经手人自己确认"),
    ("decided_other_request", "批的不是这份申请"),
    ("file_rules", "档案两处改动合不起来"),
    ("identity_conflict", "证件两处改得不同"),
    ("meter_no", "表号重复"),
    ("meter_state", "表状态接不上"),
    ("meter_swapped_twice", "一块表拆换了两次"),
    ("one_person", "同一人开了两户"),
    ("open_order", "同一事两张工单"),
    ("order_no_effect", "工单操作没有生效"),
    ("order_unknown", "没有这张工单"),
    ("paid_twice", "重复收费"),
    ("paper_slip", "手开单号重复"),
    ("prepaid_twice", "预存用了两次"),
    ("receipt_no", "核对单号重复"),
    ("reversed_twice", "冲正了两次"),
    ("right_ended", "批准时权限不在期内"),
    ("slip_entered_twice", "拆换单录了两次"),
    ("slip_no", "拆换单号重复"),
    ("stamp_ahead", "凭单时间来自以后"),
    ("tariff", "同日两份价目"),
    ("transferred_twice", "过户了两次"),
    ("user_login", "登录名重复"),
    ("waived_twice", "违约金减免了两次"),
];

/// What people read.
pub fn label(what: &str) -> &'static str {
    WORDS.iter().find(|(word, _)| *word == what).map_or("不相符", |(_, label)| label)
}
