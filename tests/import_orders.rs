//! The fix list is each site's own, but what its decisions write is not: a row mended, confirmed or dropped at sites that imported
//! the same file gives one state in every order of arrival (I-4 … I-6).

mod support;

use std::ops::ControlFlow;
use std::path::Path;

use meterdesk::derive::rebuild;
use meterdesk::desk::import::{Request, What};
use meterdesk::rules::id::Id;
use serde_json::{Value, json};
use support::orders::{Book, Town, orders};
use support::water::{branch, resident};

const ROWS: &str = "户号,本次示数,抄表日期,抄表员\n\
                    3100000001,108,2026-10-12,陈抄\n\
                    3100000002,看不清,2026-10-12,陈抄\n\
                    3100000003,4000,2026-10-12,陈抄\n\
                    3100000004,看不清,2026-10-12,陈抄\n";

/// Imports the file at a site; answers its run.
fn import(book: &mut Book, file: &Path) -> Id {
    book.desk.sign_in_practice("room").unwrap();
    let path = file.to_owned();
    let request = Request { what: What::Readings, path, read_by: None, profile: None, on: None, dry_run: false };
    let answer = book.desk.import(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((answer.accepted, answer.defects.len()), (1, 3), "{:?}", answer.defects);
    answer.run.unwrap()
}

fn hash(book: &Book) -> [u8; 32] {
    book.desk.look().unwrap().state_hash().unwrap()
}

/// What is done at one site: actions with their inputs.
type Done<'a> = Vec<(&'a str, Value)>;

#[test]
fn rows_mended_confirmed_and_dropped_at_three_sites_give_one_state_in_every_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cards.csv");
    std::fs::write(&file, ROWS).unwrap();
    let town = Town::new(|book| {
        branch(book, &["3100000001", "3100000002", "3100000003", "3100000004"].map(resident));
    });
    let mend = |line: u32, value: &str| {
        let cells = json!({ "本次示数": value });
        ("import.mend", json!({ "line": line, "cells": cells, "reread_by": "李复抄" }))
    };
    let confirm = |line: u32| ("import.confirm", json!({ "line": line }));
    let drop = |line: u32| ("import.drop", json!({ "line": line, "reason": "另抄" }));
    let at: [(&str, i64, Done<'_>); 3] = [
        ("S1", 5, vec![mend(3, "111"), confirm(4), drop(5)]),
        ("S2", 5, vec![mend(3, "112"), drop(4), mend(5, "109")]),
        ("S3", 3, vec![drop(3), confirm(4), mend(5, "110")]),
    ];
    let sites: Vec<Book> = at
        .into_iter()
        .map(|(code, minutes, decisions)| {
            let mut book = town.site(code, minutes);
            let run = import(&mut book, &file);
            for (action, mut input) in decisions {
                input["file"] = json!(run);
                book.act("room", action, input);
            }
            book
        })
        .collect();
    let mut states = orders(sites.len()).into_iter().map(|order| {
        let mut all = town.site("Z9", 30);
        order.iter().for_each(|index| all.receive_from(&sites[*index]));
        let once = hash(&all);
        order.iter().for_each(|index| all.receive_from(&sites[*index]));
        assert_eq!(hash(&all), once, "a second arrival changes nothing");
        rebuild::rebuild(all.desk.db_mut(), |_| {}).unwrap();
        assert_eq!(hash(&all), once, "incremental equals rebuild");
        once
    });
    let first = states.next().unwrap();
    assert!(states.all(|state| state == first), "one state whatever arrives first");
}
