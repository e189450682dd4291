//! Readings the general table does not give or gets wrong for names: surnames, place words, common heteronyms, and
//! characters it lacks. Each reading is the first letter of the pinyin, all that the search box needs.

/// Surnames whose reading as a surname is not the everyday one, or that are read in two ways: all their initials.
pub(super) fn surname(c: char) -> Option<&'static str> {
    Some(match c {
        '单' => "s",        // Shàn
        '曾' => "z",        // Zēng
        '仇' => "q",        // Qiú
        '查' => "z",        // Zhā
        '解' => "x",        // Xiè
        '区' => "o",        // Ōu
        '盖' => "g",        // Gě
        '朴' => "p",        // Piáo
        '翟' => "z",        // Zhái; Dí in the south
        '覃' => "qt",       // Qín, Tán
        '任' => "r",        // Rén
        '华' => "h",        // Huà
        '缪' | '牟' => "m", // Miào; Móu, Mù
        '员' | '贠' => "y", // Yùn
        '郇' => "xh",       // Xún, Huán
        '冼' | '洗' => "x", // Xiǎn
        '折' => "sz",       // Shé, Zhé
        '幺' | '么' => "y", // Yāo
        '繁' => "p",        // Pó
        '卜' | '柏' => "b", // Bǔ; Bǎi
        '乜' => "n",        // Niè
        '祭' => "z",        // Zhài
        '佴' => "n",        // Nài
        '种' => "c",        // Chóng
        '秘' => "b",        // Bì
        '尉' => "wy",       // Wèi, Yù
        '乐' => "yl",       // Yuè, Lè
        '召' => "s",        // Shào
        '阚' => "k",        // Kàn
        '郄' => "qx",       // Qiè, Xì
        '郗' => "xc",       // Xī, Chī
        '谌' => "cs",       // Chén, Shèn
        '隗' => "wk",       // Wěi, Kuí
        '费' => "fb",       // Fèi, Bì
        '长' => "zc",       // Zhǎng, Cháng
        '车' => "c",        // Chē
        '句' => "g",        // Gōu
        '藏' => "z",        // Zàng
        '库' => "s",        // Shè
        '盛' => "s",        // Shèng
        '沈' => "s",        // Shěn
        '俞' | '於' => "y", // Yú; Yū
        '石' | '适' => "s", // Shí
        '强' => "qj",       // Qiáng, Jiàng
        '宿' => "s",        // Sù
        '宓' => "mf",       // Mì, Fú
        '重' => "c",        // Chóng
        '哈' | '黑' => "h", // Hǎ; Hè
        '那' | '能' => "n", // Nā; Nài
        '曲' | '瞿' => "q", // Qū; Qú
        '相' | '行' => "x", // Xiàng; Xíng
        '都' => "d",        // Dū
        '颉' => "xj",       // Xié, Jié
        '訾' | '臧' => "z", // Zī; Zāng
        _ => return None,
    })
}

/// Compound surnames that are not read as their characters are: surname, initials.
pub(super) const COMPOUND: [(&str, &str); 9] = [
    ("万俟", "mq"),
    ("尉迟", "yc"),
    ("长孙", "zs"),
    ("澹台", "tt"),
    ("单于", "cy"),
    ("乐正", "yz"),
    ("宰父", "zf"),
    ("区阳", "oy"),
    ("令狐", "lh"),
];

/// Words, most of them places, that fix how their characters are read: word, one letter a character.
pub(super) const WORDS: [(&str, &str); 90] = [
    ("厦门", "xm"),
    ("重庆", "cq"),
    ("重阳", "cy"),
    ("重建", "cj"),
    ("九重", "jc"),
    ("重工", "zg"),
    ("长安", "ca"),
    ("长江", "cj"),
    ("长城", "cc"),
    ("长春", "cc"),
    ("长沙", "cs"),
    ("长寿", "cs"),
    ("长兴", "cx"),
    ("长乐", "cl"),
    ("长宁", "cn"),
    ("长征", "cz"),
    ("长青", "cq"),
    ("长虹", "ch"),
    ("长治", "cz"),
    ("长子县", "zzx"),
    ("店长", "dz"),
    ("校长", "xz"),
    ("乐清", "yq"),
    ("音乐", "yy"),
    ("乐山", "ls"),
    ("乐园", "ly"),
    ("快乐", "kl"),
    ("安乐", "al"),
    ("康乐", "kl"),
    ("银行", "yh"),
    ("商行", "sh"),
    ("车行", "ch"),
    ("行政", "xz"),
    ("步行", "bx"),
    ("大厦", "ds"),
    ("广厦", "gs"),
    ("解放", "jf"),
    ("小区", "xq"),
    ("社区", "sq"),
    ("朝阳", "cy"),
    ("朝晖", "zh"),
    ("曾都", "zd"),
    ("单县", "sx"),
    ("单位", "dw"),
    ("单元", "dy"),
    ("检查", "jc"),
    ("番禺", "py"),
    ("东莞", "dg"),
    ("东阿", "de"),
    ("洪洞", "ht"),
    ("铅山", "ys"),
    ("荥阳", "xy"),
    ("荥经", "yj"),
    ("浚县", "xx"),
    ("会稽", "kj"),
    ("井陉", "jx"),
    ("莘县", "sx"),
    ("莘庄", "xz"),
    ("枞阳", "zy"),
    ("歙县", "sx"),
    ("犍为", "qw"),
    ("筠连", "jl"),
    ("盱眙", "xy"),
    ("浒墅", "xs"),
    ("浒湾", "xw"),
    ("蔚县", "yx"),
    ("尉氏", "ws"),
    ("尉犁", "yl"),
    ("尉迟", "yc"),
    ("漯河", "lh"),
    ("亳州", "bz"),
    ("蚌埠", "bb"),
    ("六安", "la"),
    ("六合", "lh"),
    ("台州", "tz"),
    ("天台", "tt"),
    ("丽水", "ls"),
    ("涪陵", "fl"),
    ("郫县", "px"),
    ("黄埔", "hp"),
    ("大埔", "db"),
    ("十里堡", "slp"),
    ("西藏", "xz"),
    ("宿舍", "ss"),
    ("传媒", "cm"),
    ("传记", "zj"),
    ("学校", "xx"),
    ("驾校", "jx"),
    ("什刹", "sc"),
    ("滹沱", "ht"),
];

/// Characters that are read in two ways about as often: all their initials, the likelier first.
pub(super) fn heteronym(c: char) -> Option<&'static str> {
    Some(match c {
        '长' | '朝' | '曾' | '传' | '重' | '查' => "cz",
        '乐' => "ly",
        '行' => "xh",
        '厦' => "sx",
        '单' => "ds",
        '解' => "jx",
        '圩' => "xw",
        '埔' => "pb",
        '涌' => "yc",
        '堡' => "bp",
        '泊' => "bp",
        '藏' => "zc",
        '降' => "jx",
        '弹' => "dt",
        '调' => "td",
        '校' => "xj",
        '种' => "zc",
        '率' => "ls",
        '尉' => "wy",
        '茜' => "xq",
        '晟' => "sc",
        '盛' => "sc",
        '翟' => "zd",
        '仇' => "cq",
        '覃' => "tq",
        '便' => "bp",
        '莘' => "xs",
        '参' => "cs",
        '浒' => "hx",
        '镐' => "gh",
        '莞' => "gw",
        '栖' => "qx",
        _ => return None,
    })
}

/// Characters the general table lacks, most of them outside the basic plane and in use in names.
pub(super) fn rare(c: char) -> Option<u8> {
    Some(match c {
        '㐂' => b'x',       // form of 喜
        '𠮷' => b'j',       // form of 吉
        '㛃' => b'j',       // jié
        '䶮' => b'y',       // yǎn
        '\u{E863}' => b'y', // 䶮 as GB 18030-2000 wrote it, in the private area
        _ => return None,
    })
}
