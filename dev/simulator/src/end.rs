//! What must hold at last: after some nights without faults nothing moves any more, all sites agree, and nothing that anybody was
//! told stands is missing at head office.

use std::collections::BTreeSet;

use meterdesk::rules::id::Id;

use crate::checks;
use crate::report::Failure;
use crate::world::{OFFICE, World};

/// Nights without faults within which it must be quiet.
const NIGHTS: u64 = 10;

/// Nights in a row without anything new before it counts as quiet: a site that went back unnoticed says so on one night, and on the
/// next it is answered.
const QUIET: u64 = 2;

/// Exchanges until quiet, and checks.
pub fn settle(world: &mut World) -> Result<(), Failure> {
    world.calm()?;
    until_quiet(world)?;
    for at in 0..world.places.len() {
        world.whole(at)?;
    }
    same_state(world)?;
    agree(world)?;
    nothing_missing(world)?;
    nobody_frozen(world)?;
    let wrong = checks::money(&world.places[OFFICE].desk);
    world.must(OFFICE, wrong)?;
    let count = world.places[OFFICE].desk.look().and_then(|tx| tx.entry_count());
    world.report.entries += u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    Ok(())
}

fn until_quiet(world: &mut World) -> Result<(), Failure> {
    let mut quiet = 0;
    for night in 1..=NIGHTS {
        world.report.nights += 1;
        quiet = if world.clean_night()? == 0 && waiting(world)?.is_empty() { quiet + 1 } else { 0 };
        if quiet >= QUIET {
            return Ok(());
        }
        if night == NIGHTS {
            break;
        }
    }
    let what = format!("not quiet after {NIGHTS} nights: {:?}", waiting(world)?);
    Err(world.fail(OFFICE, what))
}

/// What still waits to be sent, forked sites apart.
fn waiting(world: &mut World) -> Result<Vec<(String, String, i64)>, Failure> {
    let forked: BTreeSet<String> =
        world.places.iter().filter(|place| place.forked).map(|place| place.code.clone()).collect();
    let mut found = Vec::new();
    for at in 0..world.places.len() {
        if world.places[at].forked {
            continue;
        }
        let code = world.places[at].code.clone();
        let status = world.places[at].desk.exchange_status().map_err(|refusal| world.fail(at, refusal.message()))?;
        for line in status.waiting.into_iter().filter(|line| line.entries > 0 && !forked.contains(&line.site)) {
            found.push((code.clone(), line.site, line.entries));
        }
    }
    Ok(found)
}

/// Sites with the same entries have the same state, forked or not.
fn same_state(world: &mut World) -> Result<(), Failure> {
    for at in 1..world.places.len() {
        let (here, office) = (&world.places[at].desk, &world.places[OFFICE].desk);
        let same = checks::same_entries(here, office).map_err(|error| world.fail(at, error))?;
        let differing = checks::differing(here, office).map_err(|error| world.fail(at, error))?;
        if same && !differing.is_empty() {
            let how = checks::named_apart(here, office).map_err(|error| world.fail(at, error))?;
            return Err(world.fail(at, format!("has head office's entries and differs in {differing:?}: {how}")));
        }
        world.report.same += u64::from(same);
        world.report.same_forked += u64::from(same && world.places.iter().any(|place| place.forked));
    }
    Ok(())
}

/// Every site that knows everything has head office's state; of the others, what is their own.
fn agree(world: &mut World) -> Result<(), Failure> {
    if world.places[OFFICE].forked {
        return Ok(());
    }
    let lost: BTreeSet<Id> = world.acknowledged.iter().filter(|one| one.gone).map(|one| one.id).collect();
    for at in (1..world.places.len()).filter(|at| !world.places[*at].forked).collect::<Vec<_>>() {
        if world.places[at].everything {
            let differing = checks::differing(&world.places[at].desk, &world.places[OFFICE].desk);
            let differing = differing.map_err(|error| world.fail(at, error))?;
            if !differing.is_empty() {
                let apart = checks::entries_apart(&world.places[at].desk, &world.places[OFFICE].desk);
                let apart = apart.map_err(|error| world.fail(at, error))?;
                return Err(world.fail(at, format!("differs from head office in {differing:?}; {apart}")));
            }
            continue;
        }
        let mut own = BTreeSet::new();
        for one in world.acknowledged.iter().filter(|one| one.owner == at) {
            let entry = world.places[at].desk.look().and_then(|tx| tx.entry(one.id));
            own.extend(entry.map_err(|error| world.fail(at, error))?.iter().flat_map(checks::subjects));
        }
        let wrong = checks::same_subjects(&world.places[at].desk, &world.places[OFFICE].desk, &own, &lost);
        world.must(at, wrong)?;
    }
    Ok(())
}

/// I-7: what was acknowledged is at head office, unless the only machines that had it went back.
fn nothing_missing(world: &World) -> Result<(), Failure> {
    for one in world.acknowledged.iter().filter(|one| !one.gone) {
        if !world.holds(OFFICE, one)? {
            return Err(world.fail(one.owner, format!("{} was acknowledged and is not at head office", one.id)));
        }
    }
    Ok(())
}

fn nobody_frozen(world: &World) -> Result<(), Failure> {
    if world.places.iter().any(|place| place.forked) {
        return Ok(());
    }
    let peers = world.places[OFFICE].desk.peers().map_err(|refusal| world.fail(OFFICE, refusal.message()))?;
    match peers.into_iter().find(|peer| peer.frozen) {
        Some(peer) => Err(world.fail(OFFICE, format!("{} is frozen without a fork", peer.site))),
        None => Ok(()),
    }
}
