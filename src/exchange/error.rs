//! What can go wrong with bundles, each with one sentence that says what is wrong and what to do.

use std::path::PathBuf;

use super::bundle_error::BundleError;
use crate::book::append::AppendError;
use crate::store::StoreError;
use crate::text::disk;

/// Why an exchange did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is not a sound bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A site key is missing or damaged.
    #[error(transparent)]
    Key(#[from] super::site_keys::SiteKeyError),
    /// The book cannot go on.
    #[error("{0}")]
    Book(String),
    /// For somebody else.
    #[error("这个交换包是给 {to} 的，不是给本网点 {own} 的；请送到 {to}")]
    NotForUs {
        /// Whom it is for.
        to: String,
        /// Who reads it.
        own: String,
    },
    /// The sender is not known here.
    #[error("不认识发送方 {0}：先由{1}登记它的网点卡")]
    Unknown(String, &'static str),
    /// The sender's keys were withdrawn.
    #[error("发送方 {0} 的密钥已作废，这个交换包不收；请与总部核实")]
    Revoked(String),
    /// Practice and real books do not mix.
    #[error("{0}是练习库，{1}是正式库，两者不能交换")]
    Practice(&'static str, &'static str),
    /// A chain that is not the sender's to send.
    #[error("交换包里有不该由 {from} 发送的凭单 {chain}，整包不收")]
    NotTheirs {
        /// The sender.
        from: String,
        /// The chain.
        chain: String,
    },
    /// What the header promises is not what came.
    #[error("交换包内容与包头不符 ({0})，整包不收；请发送方重新导出")]
    Promise(String),
    /// What `verify` would call a fault.
    #[error("交换包里的{0}，整包不收；发送方的库或程序有错，请停用那台机器，用 recover 从总部的交换包重建")]
    Flawed(String),
    /// A life whose beginning follows an entry that has not come yet: the bundle waits.
    #[error("{0} 接在还没有收到的凭单后面，等前面的交换包到了再收")]
    Early(String),
    /// Head office's own entries without its signature.
    #[error("交换包退回的总部凭单没有总部签名作证，整包不收")]
    NoProof,
    /// A file or folder fails.
    #[error("{path}：{reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another export or import is running.
    #[error("另一个交换正在进行，请等它结束")]
    Locked,
    /// Nobody to exchange with.
    #[error("{0}")]
    NoPeer(&'static str),
}

impl ExchangeError {
    /// A fault of the day book's head.
    pub fn of_append(error: AppendError) -> Self {
        match error {
            AppendError::Store(error) => Self::Store(error),
            other => Self::Book(other.to_string()),
        }
    }

    /// A fault of a file.
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), reason: disk::why(error) }
    }

    /// Is the bundle itself at fault, so that the others go on? Faults of disk and database are not.
    pub fn is_of_the_bundle(&self) -> bool {
        let of_the_machine = matches!(
            self,
            Self::Store(_)
                | Self::Bundle(BundleError::Io(_))
                | Self::Key(_)
                | Self::Book(_)
                | Self::File { .. }
                | Self::Locked
                | Self::NoPeer(_)
        );
        !of_the_machine
    }
}
