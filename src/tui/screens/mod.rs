//! The screens, one file each. This file is the map of how one leads to another: a screen opens another through a function
//! here, so that no screen needs to know how another is made.

use super::app::App;
use super::keymap::Command;
use super::screen::Reply;

pub mod home;
pub mod login;
pub mod menu;

/// The rooms of the menu, in the order of a day.
pub const ROOMS: &[menu::Room] =
    &[menu::Room { name: "查找", note: "户、表、电话、地址、单号", open: |_| Reply::home() }];

/// Commands that work everywhere and that no screen took.
pub fn everywhere(command: Command, _app: &mut App) -> Reply<App> {
    match command {
        Command::Find => Reply::home(),
        Command::Menu => Reply::push(menu::Menu::new()),
        _ => Reply::unused(),
    }
}

/// Opens an account's file (一户一档).
pub fn customer(_app: &mut App, _account: crate::rules::id::Id) -> Reply<App> {
    Reply::unused()
}

/// Opens payment for an account.
pub fn pay(_app: &mut App, _account: crate::rules::id::Id) -> Reply<App> {
    Reply::unused()
}

/// Opens intake, for an account or for somebody without one.
pub fn intake(_app: &mut App, _account: Option<crate::rules::id::Id>) -> Reply<App> {
    Reply::unused()
}

/// Opens the dispatch desk.
pub fn dispatch(_app: &mut App) -> Reply<App> {
    Reply::unused()
}

/// Opens special handling for an account.
pub fn adjust(_app: &mut App, _account: crate::rules::id::Id) -> Reply<App> {
    Reply::unused()
}

/// Opens what an order or receipt number names.
pub fn named(_app: &mut App, _text: &str) -> Option<Reply<App>> {
    None
}
