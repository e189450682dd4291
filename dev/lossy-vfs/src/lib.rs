//! Test only: a SQLite VFS that keeps in memory what was not synced, and loses it when the power is cut.
//!
//! It wraps the system's default VFS. A write or truncation is remembered; reads see it; `xSync` carries it to the real file.
//! [`power_cut`] forgets everything that was not carried, so the files on disk are what a machine would find after the power
//! came back. `synchronous=FULL` must survive that, `synchronous=OFF` must not — a test proves both.
//!
//! Unsafe code lives only in this crate, which no product code depends on.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use rusqlite::ffi;

/// The name to open databases with.
pub const NAME: &str = "lossy";

/// What one file looks like to the program, and what of it has not reached the disk.
#[derive(Default)]
struct Image {
    bytes: Vec<u8>,
    waiting: Vec<Op>,
}

enum Op {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

fn images() -> &'static Mutex<HashMap<String, Image>> {
    static IMAGES: OnceLock<Mutex<HashMap<String, Image>>> = OnceLock::new();
    IMAGES.get_or_init(Mutex::default)
}

fn with_image<T>(name: &str, act: impl FnOnce(&mut Image) -> T) -> T {
    let mut images = images().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    act(images.entry(name.to_owned()).or_default())
}

/// Operations not yet on disk, over all files.
pub fn unsynced() -> usize {
    images().lock().unwrap_or_else(std::sync::PoisonError::into_inner).values().map(|image| image.waiting.len()).sum()
}

static SYNCS: AtomicU64 = AtomicU64::new(0);

/// How often the disk was asked to make things durable since the start.
pub fn syncs() -> u64 {
    SYNCS.load(Ordering::Relaxed)
}

/// Cuts the power: what was not synced is gone. Connections opened before must not be used any more (drop them).
pub fn power_cut() {
    images().lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
}

#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    real: *mut ffi::sqlite3_file,
    /// Name of a main database or log, null for files that are passed through (temporary ones).
    name: *mut String,
}

fn real_vfs() -> *mut ffi::sqlite3_vfs {
    // SAFETY: a null name asks for the default VFS, which lives as long as the process.
    unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) }
}

/// Registers the VFS under [`NAME`]; calling it again does nothing.
pub fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let real = real_vfs();
        assert!(!real.is_null(), "no unix VFS to wrap");
        let name = CString::new(NAME).unwrap_or_default().into_raw();
        // SAFETY: `real` is a valid VFS; the copy keeps its function pointers, of which those that handle files are replaced.
        // The box is leaked on purpose: SQLite keeps the pointer for ever.
        unsafe {
            let mut vfs = Box::new(*real);
            let own = c_int::try_from(size_of::<File>().next_multiple_of(16)).unwrap_or(c_int::MAX);
            vfs.szOsFile = own + (*real).szOsFile;
            vfs.zName = name;
            vfs.pNext = std::ptr::null_mut();
            vfs.xOpen = Some(open);
            vfs.xDelete = Some(delete);
            vfs.xAccess = Some(access);
            ffi::sqlite3_vfs_register(Box::into_raw(vfs), 0);
        }
    });
}

fn methods() -> &'static ffi::sqlite3_io_methods {
    struct Shared(ffi::sqlite3_io_methods);
    // SAFETY: the table holds only function pointers.
    unsafe impl Sync for Shared {}
    unsafe impl Send for Shared {}
    static METHODS: OnceLock<Shared> = OnceLock::new();
    &METHODS
        .get_or_init(|| {
            Shared(ffi::sqlite3_io_methods {
                iVersion: 2,
                xClose: Some(close),
                xRead: Some(read),
                xWrite: Some(write),
                xTruncate: Some(truncate),
                xSync: Some(sync),
                xFileSize: Some(file_size),
                xLock: Some(lock),
                xUnlock: Some(unlock),
                xCheckReservedLock: Some(check_reserved),
                xFileControl: Some(file_control),
                xSectorSize: Some(sector_size),
                xDeviceCharacteristics: Some(characteristics),
                xShmMap: Some(shm_map),
                xShmLock: Some(shm_lock),
                xShmBarrier: Some(shm_barrier),
                xShmUnmap: Some(shm_unmap),
                xFetch: None,
                xUnfetch: None,
            })
        })
        .0
}

unsafe fn file<'a>(raw: *mut ffi::sqlite3_file) -> &'a mut File {
    // SAFETY: SQLite hands back the memory that `open` filled.
    unsafe { &mut *raw.cast::<File>() }
}

unsafe fn name_of<'a>(file: &File) -> Option<&'a str> {
    // SAFETY: `name` is null or a box that lives until `close`.
    unsafe { file.name.as_ref().map(|name| name.as_str()) }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    raw: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes: our part, then the wrapped VFS's part.
    unsafe {
        let own = size_of::<File>().next_multiple_of(16);
        let this = file(raw);
        this.base.pMethods = std::ptr::null();
        this.name = std::ptr::null_mut();
        this.real = raw.cast::<u8>().add(own).cast();
        let vfs = real_vfs();
        let Some(open) = (*vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = open(vfs, name, this.real, flags, out_flags);
        if code != ffi::SQLITE_OK {
            return code;
        }
        if flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0
            && !name.is_null()
        {
            let text = CStr::from_ptr(name).to_string_lossy().into_owned();
            let known = images().lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains_key(&text);
            if !known {
                let bytes = std::fs::read(&text).unwrap_or_default();
                with_image(&text, |image| image.bytes = bytes);
            }
            this.name = Box::into_raw(Box::new(text));
        }
        this.base.pMethods = methods();
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: `name` is a path SQLite owns for the call.
    unsafe {
        let text = CStr::from_ptr(name).to_string_lossy().into_owned();
        images().lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&text);
        let vfs = real_vfs();
        (*vfs).xDelete.map_or(ffi::SQLITE_IOERR, |delete| delete(vfs, name, sync_dir))
    }
}

unsafe extern "C" fn access(_: *mut ffi::sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: passed through; a log that exists only in memory still exists for the program.
    unsafe {
        let vfs = real_vfs();
        let code = (*vfs).xAccess.map_or(ffi::SQLITE_IOERR, |access| access(vfs, name, flags, out));
        if code == ffi::SQLITE_OK && flags == ffi::SQLITE_ACCESS_EXISTS {
            let text = CStr::from_ptr(name).to_string_lossy().into_owned();
            let images = images().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if images.get(&text).is_some_and(|image| !image.bytes.is_empty()) {
                *out = 1;
            }
        }
        code
    }
}

macro_rules! through {
    ($this:expr, $method:ident ( $($arg:expr),* )) => {{
        let real = $this.real;
        match (*(*real).pMethods).$method {
            Some(call) => call(real $(, $arg)*),
            None => ffi::SQLITE_IOERR,
        }
    }};
}

unsafe extern "C" fn close(raw: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: called once; the name's box came from `open`.
    unsafe {
        let this = file(raw);
        if !this.name.is_null() {
            drop(Box::from_raw(this.name));
            this.name = std::ptr::null_mut();
        }
        through!(this, xClose())
    }
}

unsafe extern "C" fn read(raw: *mut ffi::sqlite3_file, out: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: `out` has `amount` bytes.
    unsafe {
        let this = file(raw);
        let Some(name) = name_of(this) else { return through!(this, xRead(out, amount, offset)) };
        let out = std::slice::from_raw_parts_mut(out.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        with_image(name, |image| {
            let have = image.bytes.get(start..).unwrap_or(&[]);
            let count = have.len().min(out.len());
            out[..count].copy_from_slice(&have[..count]);
            out[count..].fill(0);
            if count == out.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
        })
    }
}

unsafe extern "C" fn write(raw: *mut ffi::sqlite3_file, data: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: `data` has `amount` bytes.
    unsafe {
        let this = file(raw);
        let Some(name) = name_of(this) else { return through!(this, xWrite(data, amount, offset)) };
        let data = std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        with_image(name, |image| {
            if image.bytes.len() < start + data.len() {
                image.bytes.resize(start + data.len(), 0);
            }
            image.bytes[start..start + data.len()].copy_from_slice(data);
            image.waiting.push(Op::Write(start, data.to_vec()));
        });
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn truncate(raw: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: as above.
    unsafe {
        let this = file(raw);
        let Some(name) = name_of(this) else { return through!(this, xTruncate(size)) };
        let size = usize::try_from(size).unwrap_or(0);
        with_image(name, |image| {
            image.bytes.truncate(size);
            image.waiting.push(Op::Truncate(size));
        });
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn sync(raw: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    SYNCS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe {
        let this = file(raw);
        if let Some(name) = name_of(this) {
            let waiting = with_image(name, |image| std::mem::take(&mut image.waiting));
            for op in waiting {
                let code = match op {
                    Op::Write(at, data) => {
                        let amount = c_int::try_from(data.len()).unwrap_or(c_int::MAX);
                        through!(this, xWrite(data.as_ptr().cast(), amount, at as i64))
                    }
                    Op::Truncate(size) => through!(this, xTruncate(size as i64)),
                };
                if code != ffi::SQLITE_OK {
                    return code;
                }
            }
        }
        through!(this, xSync(flags))
    }
}

unsafe extern "C" fn file_size(raw: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: as above.
    unsafe {
        let this = file(raw);
        let Some(name) = name_of(this) else { return through!(this, xFileSize(out)) };
        *out = with_image(name, |image| image.bytes.len() as i64);
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn lock(raw: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { through!(file(raw), xLock(level)) }
}

unsafe extern "C" fn unlock(raw: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { through!(file(raw), xUnlock(level)) }
}

unsafe extern "C" fn check_reserved(raw: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { through!(file(raw), xCheckReservedLock(out)) }
}

unsafe extern "C" fn file_control(raw: *mut ffi::sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    // SAFETY: passed through, but for hints about size, which would touch the real file early.
    unsafe {
        if op == ffi::SQLITE_FCNTL_SIZE_HINT || op == ffi::SQLITE_FCNTL_CHUNK_SIZE {
            return ffi::SQLITE_OK;
        }
        through!(file(raw), xFileControl(op, arg))
    }
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn shm_map(
    raw: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: passed through; shared memory is rebuilt after a cut and never holds data.
    unsafe { through!(file(raw), xShmMap(page, size, extend, out.cast())) }
}

unsafe extern "C" fn shm_lock(raw: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { through!(file(raw), xShmLock(offset, count, flags)) }
}

unsafe extern "C" fn shm_barrier(raw: *mut ffi::sqlite3_file) {
    // SAFETY: passed through.
    unsafe {
        let real = file(raw).real;
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn shm_unmap(raw: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { through!(file(raw), xShmUnmap(delete)) }
}
