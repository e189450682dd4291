//! Sticks (盘): mounted volumes with a folder for bundles on them. The folder makes the stick: a photo card is never written to.

use std::path::{Path, PathBuf};

/// Names of the folder by which a stick is recognised.
pub const FOLDERS: [&str; 2] = ["meterdesk-exchange", "交换"];

/// Where systems mount volumes, and how many folders below that.
const MOUNTS: [(&str, usize); 5] = [("/media", 1), ("/media", 2), ("/run/media", 2), ("/mnt", 1), ("/Volumes", 1)];

/// Volumes looked at.
const MOST: usize = 200;

/// The exchange folders of every stick that is in, in name order.
pub fn find() -> Vec<PathBuf> {
    let mut volumes: Vec<PathBuf> =
        MOUNTS.iter().flat_map(|(root, depth)| volumes_below(Path::new(root), *depth)).collect();
    if cfg!(windows) {
        volumes.extend(('D'..='Z').map(|letter| PathBuf::from(format!("{letter}:\\"))));
    }
    folders_on(volumes)
}

/// Folders so many levels below a root; none when the root cannot be read.
fn volumes_below(root: &Path, depth: usize) -> Vec<PathBuf> {
    let mut level = vec![root.to_owned()];
    for _ in 0..depth {
        let entries = level.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let folders = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir());
        level = folders.take(MOST).collect();
    }
    level
}

/// The exchange folders on these volumes, each once.
pub fn folders_on(volumes: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = volumes
        .into_iter()
        .flat_map(|volume| FOLDERS.map(|name| volume.join(name)))
        .filter(|folder| folder.is_dir())
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_volume_with_the_folder_is_a_stick() {
        let root = tempfile::tempdir().unwrap();
        for path in ["one/meterdesk-exchange", "two/photos", "three/交换", "file"] {
            std::fs::create_dir_all(root.path().join(path)).unwrap();
        }
        std::fs::write(root.path().join("two/交换"), "a file of that name is no folder").unwrap();
        let found = folders_on(volumes_below(root.path(), 1));
        assert_eq!(found, [root.path().join("one/meterdesk-exchange"), root.path().join("three/交换")]);
        assert_eq!(volumes_below(&root.path().join("nowhere"), 1), Vec::<PathBuf>::new());
    }
}
