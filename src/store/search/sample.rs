//! A made-up town for the tests and the benchmark of the search box: account number `n` is always the same one.

const ROADS: [&str; 24] = [
    "人民路",
    "人民西路",
    "解放路",
    "建设路",
    "迎宾路",
    "新华街",
    "文昌街",
    "民主巷",
    "柳溪路",
    "工业一路",
    "城南大道",
    "云泽大道",
    "重庆路",
    "厦门路",
    "长安街",
    "朝阳路",
    "和平路",
    "中山路",
    "青年路",
    "滨江路",
    "学府路",
    "团结巷",
    "胜利街",
    "幸福路",
];
const ESTATE_FIRST: [&str; 24] = [
    "阳光", "春晓", "柏悦", "金桂", "瑞丰", "芙蓉", "蓝天", "望江", "听涛", "御水", "银杏", "丽景", "光明", "翠竹",
    "东方", "紫荆", "锦绣", "龙泉", "碧水", "香樟", "盛世", "和谐", "凤凰", "梧桐",
];
const ESTATE_LAST: [&str; 12] =
    ["花园", "新村", "家园", "公寓", "小区", "华府", "山庄", "广场", "佳苑", "国际", "名都", "里"];
const ESTATE_PART: [&str; 8] = ["", "东区", "西区", "南区", "北区", "一期", "二期", "三期"];
const SURNAMES: &str = "王王王王王王王李李李李李李李张张张张张张张刘刘刘刘刘陈陈陈陈陈杨杨杨黄黄赵赵吴吴周周徐徐孙孙马朱胡郭何林高罗郑梁谢\
    宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦单仇查解华翟区盖朴覃";
const GIVEN: &str = "国建军华明德志永荣福庆春生林平贵文忠义才伟勇强磊涛杰斌波辉刚健鹏飞俊峰超浩亮毅龙子轩宇然博秀英桂兰玉珍凤淑芳梅素翠红霞香菊\
    月琴静丽敏艳娟燕娜婷玲雪萍莉倩慧颖欣怡雨涵梓诗喆堃翀玥㐂䶮𠮷㛃";
const BRANDS: [&str; 12] =
    ["万家", "聚友", "老王", "鸿运", "福满", "顺发", "云泽市恒通", "云泽市聚友", "好又来", "天天", "新世纪", "曾记"];
const TRADES: [&str; 12] =
    ["面馆", "粉店", "五金店", "超市", "理发店", "大药房", "纺织有限公司", "机械厂", "小学", "浴室", "洗车行", "饭庄"];

/// One account of the town.
pub struct Sample {
    pub no: String,
    pub name: String,
    pub address: String,
    pub phones: Vec<String>,
    pub meter: String,
}

/// Account `n` of the town, from 0.
pub fn account(n: u64) -> Sample {
    let (book, place) = (n / 120, n % 120);
    let street = book.is_multiple_of(8);
    let chance = mix(n);
    let mut phones = Vec::new();
    if chance % 10 < 9 {
        phones.push(format!(
            "1{}{:08}",
            pick(&["39", "38", "36", "58", "86", "77", "52"], chance >> 8),
            mix(n ^ 77) % 100_000_000
        ));
    }
    if chance % 10 < 2 {
        phones.push(format!("8{:06}", (chance >> 16) % 1_000_000));
    }
    Sample {
        no: format!("31{:08}", n * 4 + chance % 4),
        name: if street { firm(chance) } else { person(chance) },
        address: if street { shop(book, place) } else { flat(book, place) },
        phones,
        meter: format!("{}{:02}{:08}", pick(&["LC", "NB", "XT", "HZ", "SC"], chance >> 20), 11 + chance % 15, n + 1),
    }
}

fn person(chance: u64) -> String {
    if chance.is_multiple_of(200) {
        return "用户".to_owned();
    }
    let (surnames, given): (Vec<char>, Vec<char>) = (SURNAMES.chars().collect(), GIVEN.chars().collect());
    let mut name = pick(&surnames, chance >> 3).to_string();
    name.push(*pick(&given, chance >> 17));
    if chance % 7 > 1 {
        name.push(*pick(&given, chance >> 31));
    }
    name
}

fn firm(chance: u64) -> String {
    [*pick(&BRANDS, chance >> 5), *pick(&TRADES, chance >> 23)].concat()
}

fn shop(book: u64, place: u64) -> String {
    let road = pick(&ROADS, mix(book));
    if place.is_multiple_of(3) {
        format!("{road}{}号{}铺", place * 2 + 1, place % 4 + 1)
    } else {
        format!("{road}{}号", place * 2 + 1)
    }
}

fn flat(book: u64, place: u64) -> String {
    let chance = mix(book);
    let estate =
        [*pick(&ESTATE_FIRST, chance >> 4), *pick(&ESTATE_LAST, chance >> 18), *pick(&ESTATE_PART, chance >> 28)];
    let (building, unit, floor, door) = (place / 42 + 1, place % 42 / 14 + 1, place % 14 / 2 + 1, place % 2 + 1);
    let room = if chance.is_multiple_of(3) {
        format!("{:04}", floor * 100 + door)
    } else {
        format!("{}室", floor * 100 + door)
    };
    format!("{}{}号{}{building}幢{unit}单元{room}", pick(&ROADS, chance), chance % 300 + 1, estate.concat())
}

fn pick<T>(list: &[T], chance: u64) -> &T {
    &list[(chance % list.len() as u64) as usize]
}

/// A number that looks like chance, always the same for the same `n`.
pub fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An INSERT with these columns as parameters; whatever else the table wants is empty.
pub fn insert(conn: &rusqlite::Connection, table: &str, columns: &[&str]) -> rusqlite::Result<String> {
    let mut statement = conn.prepare(&format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')"))?;
    let mut rows = statement.query([])?;
    let (mut names, mut values) = (columns.to_vec().join(", "), vec!["?"; columns.len()].join(", "));
    while let Some(row) = rows.next()? {
        let (name, kind, wanted): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if wanted && !columns.contains(&name.as_str()) {
            names += &format!(", {name}");
            values += if kind == "TEXT" { ", ''" } else { ", 0" };
        }
    }
    Ok(format!("INSERT OR REPLACE INTO {table}({names}) VALUES({values})"))
}
