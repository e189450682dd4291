//! Why a bundle is refused: one kind for each step of the check, one sentence for the person who holds the stick.

/// What can be wrong with a bundle. The kinds stand in the order in which they are found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The disk or the stick.
    #[error("读写交换包出错：{0}")]
    Io(String),
    /// It begins like a bundle but is shorter than the shortest one.
    #[error("交换包不完整，只有 {0} 字节；请等复制完成，或请对方重新导出")]
    TooShort(u64),
    /// Its lengths do not add up, or its end is not there.
    #[error("交换包不完整：文件被截断或还在复制；请等复制完成，或请对方重新导出")]
    CutOff,
    /// Another kind of file.
    #[error("这个文件不是交换包；请选 .mdx 交换包文件")]
    NotABundle,
    /// Made by a newer program in a way this one cannot read.
    #[error("交换包由新版程序生成，需要 {needs} 或更高版本；请先升级本机程序，再重新导入")]
    NewerFormat {
        /// The program version that can read it; empty when not even that could be read.
        needs: String,
    },
    /// A length above its cap.
    #[error("交换包的{what}过大：{size}，上限 {cap}；请对方分开导出")]
    TooLarge {
        /// Which length.
        what: &'static str,
        /// What it is.
        size: u64,
        /// What is allowed.
        cap: u64,
    },
    /// The header cannot be read, or says what cannot be.
    #[error("交换包的包头有误：{0}；请对方重新导出")]
    BadHeader(String),
    /// No key of such a sender is known here.
    #[error("不认识发送网点“{0}”的密钥；请先登记该网点，或核对它是否换过密钥")]
    UnknownSender(String),
    /// The bytes are not those that were signed: changed on the way.
    #[error("交换包内容在途中损坏；请重新复制，或请对方重新导出")]
    Damaged,
    /// The signature is of no key of that sender.
    #[error("交换包的签名不是网点“{0}”的；不要使用这个文件，请电话联系对方")]
    BadSignature(String),
    /// Not encrypted to a key of this site.
    #[error("交换包不是加密给本网点的，打不开；请核对收件网点和密钥")]
    NotForUs,
    /// Sealed to more than one key, or to another kind of key: somebody else could read it.
    #[error("交换包不是只加密给一个收件网点，不收；不要使用这个文件，请电话联系对方")]
    Recipients,
    /// It unpacks to more than its header says.
    #[error("交换包解开后超过包头所列的大小，已停止；不要使用这个文件，请电话联系对方")]
    Bomb,
    /// What is inside cannot be read.
    #[error("交换包第 {frame} 项内容有误：{what}；请对方重新导出")]
    Broken {
        /// Which frame, from 1.
        frame: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What came is not what was announced.
    #[error("交换包的{what}与所列不符：所列 {said}，实有 {found}；请对方重新导出")]
    CountsDiffer {
        /// Which count.
        what: &'static str,
        /// What the file says.
        said: String,
        /// What it holds.
        found: String,
    },
    /// An entry that no bundle can carry (when writing).
    #[error("凭单 {0} 过大，交换包装不下；请联系管理员")]
    EntryTooLarge(String),
    /// The recipient's key is none (when writing).
    #[error("收件网点的加密公钥不对：{0}；请重新登记该网点")]
    Recipient(String),
}

impl BundleError {
    /// An error of reading or writing.
    pub fn io(error: &std::io::Error) -> Self {
        Self::Io(crate::text::disk::why(error))
    }
}
