//! The people of a practice branch (练习库): one for every part of the work, all with the password `demo`, as the login screen says.

use super::open::MANAGER_ROLES;
use super::refusal::Refusal;
use super::{Call, Desk};

/// Their password.
pub const PASSWORD: &str = "demo";
/// The director, who is made first.
pub const DIRECTOR: (&str, &str) = ("boss", "刘主任");

/// The others: login, name, roles.
pub const USERS: &[(&str, &str, &[&str])] = &[
    ("demo", "王芳", &["clerk", "duty_clerk"]),
    ("desk", "周敏", &["dispatcher", "seat", "team_lead"]),
    ("room", "赵敏", &["data_clerk"]),
    ("check", "李娜", &["clerk", "data_clerk"]),
    ("chief", "孙建国", &["centre_deputy", "data_director", "hall_supervisor", "hotline_lead"]),
];

/// Is it one of the people every practice branch begins with?
pub fn is_one(login: &str) -> bool {
    login == DIRECTOR.0 || USERS.iter().any(|(known, ..)| *known == login)
}

impl Desk {
    /// Adds the people of a practice branch who are not there yet, on behalf of its first manager; nobody is logged in afterwards.
    pub fn add_practice_users(&mut self) -> Result<(), Refusal> {
        let manager = self.first_manager()?.unwrap_or_else(|| DIRECTOR.0.to_owned());
        self.sign_in_practice(&manager)?;
        let director = (DIRECTOR.0, DIRECTOR.1, &MANAGER_ROLES[..]);
        for (login, name, roles) in std::iter::once(&director).chain(USERS) {
            if self.look()?.user_at_desk(login)?.is_none() {
                let input = serde_json::json!({ "login": login, "name": name, "roles": roles, "password": PASSWORD });
                self.perform("user.add", &input.to_string(), Call::default())?;
            }
        }
        self.sign_out();
        Ok(())
    }
}
