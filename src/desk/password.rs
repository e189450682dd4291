//! Passwords: argon2id verifiers; a wrong one costs growing time (R-003; counted in [`super::guesses`]).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::refusal::Refusal;

/// Shortest password taken.
pub const MIN_CHARS: usize = 6;
/// Longest wait after wrong passwords.
pub const MAX_DELAY_SECONDS: i64 = 30;
/// Longest password taken, in bytes.
pub const MAX_BYTES: usize = 256;

/// Makes a verifier. Practice users have a weak password on purpose, so `check_strength` may be off.
pub fn verifier(password: &str, check_strength: bool) -> Result<String, Refusal> {
    if check_strength && password.chars().count() < MIN_CHARS {
        return Err(Refusal::field("R-003", "password", format!("密码太短，至少 {MIN_CHARS} 个字符")));
    }
    if password.is_empty() || password.len() > MAX_BYTES {
        return Err(Refusal::field("R-003", "password", "密码为空或太长，请重新输入"));
    }
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| Refusal::data(format!("密码无法加密：{error}")))?;
    Ok(hash.to_string())
}

/// Is it the password?
pub fn matches(password: &str, verifier: &str) -> bool {
    if password.len() > MAX_BYTES {
        return false;
    }
    PasswordHash::new(verifier)
        .is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
}

/// Seconds to wait after this many failures in a row: none for four, then 2, 4, 8 … at most [`MAX_DELAY_SECONDS`]: nobody keeps another out for long.
pub fn delay_seconds(failures: u32) -> i64 {
    match failures {
        0..=4 => 0,
        more => 1i64 << (more - 4).min(10),
    }
    .min(MAX_DELAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_only_itself() {
        let known = verifier("secret-1", true).unwrap();
        assert!(known.starts_with("$argon2id$"));
        assert!(matches("secret-1", &known) && !matches("secret-2", &known) && !matches("", &known));
        assert!(verifier("short", true).is_err() && verifier("demo", false).is_ok());
    }

    #[test]
    fn the_delay_grows_after_five_failures() {
        let delays: Vec<i64> = (0..16).map(delay_seconds).collect();
        assert_eq!(&delays[..7], &[0, 0, 0, 0, 0, 2, 4]);
        assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(delay_seconds(99), MAX_DELAY_SECONDS);
    }
}
