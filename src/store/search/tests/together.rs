//! The questions of one text are asked block by block: nobody is found otherwise than one question after the other finds them.

use super::super::matching::{Look, Question};
use super::super::query::Clause;
use super::*;

/// The town over several blocks: each batch begins one.
fn blocks(batches: u64) -> Branch {
    const BATCH: u64 = 8_200;
    let mut branch = Branch::with(Vec::new());
    for batch in 0..batches {
        branch.change((batch * BATCH..(batch + 1) * BATCH).map(sampled).collect());
        branch.db.refresh_search(|_| true).unwrap();
    }
    // Some stand beside the blocks, and some were not taken in yet.
    branch.change((100..160).map(|n| Row { id: id(n), ..sampled(n + 90) }).collect());
    branch.db.refresh_search(|_| true).unwrap();
    branch.change((9_000..9_030).map(|n| Row { id: id(n), ..sampled(n + 300) }).collect());
    branch
}

/// Each question by itself, each list of words after the other.
fn alone(look: &mut Look<'_>, lists: &[Vec<Clause>], question: &Question) -> Vec<i64> {
    let mut all = Found::default();
    for words in lists {
        all.join(look.holding(&[question.clauses.clone(), words.clone()].concat()).unwrap());
    }
    all.settle();
    all.ids
}

#[test]
fn questions_asked_together_find_whom_each_finds_alone() {
    let branch = blocks(3);
    let conn = branch.db.conn();
    assert!(index::state(conn).unwrap().places > 2 * docset::BLOCK as u64);
    let mut hits = 0;
    for text in [
        "zz 1 2",
        "人 1 2 3",
        "1 1",
        "1 1 1 101",
        "w 302 1 2",
        "区 1",
        "zsf",
        "cuizhu 1-1-101",
        "mingdu 2 1 30",
        "翠竹1-1-101",
        "3幢2单元502",
        "7 7 7 7",
    ] {
        let query = Query::parse(text);
        let ask = |clauses| Question { clauses, enough: None, otherwise: false };
        let mut questions = vec![ask(query.in_place()), ask([query.in_place(), vec![query.shape()]].concat())];
        questions.extend(query.choices().into_iter().map(|choice| Question { otherwise: true, ..ask(choice) }));
        let lists = [Way::Plain, Way::SpelledPlace].map(|way| query.clauses(way));
        let lists: Vec<_> = lists.into_iter().filter(|words| !words.is_empty()).collect();
        let mut own = Look::new(conn).unwrap();
        let expected: Vec<Vec<i64>> = questions.iter().map(|one| alone(&mut own, &lists, one)).collect();
        for known in [false, true] {
            let mut look = Look::new(conn).unwrap();
            if known {
                lists.iter().for_each(|words| drop(look.holding(words).unwrap()));
            }
            let found: Vec<Vec<i64>> =
                look.among(&lists, &questions).unwrap().into_iter().map(|found| found.ids).collect();
            assert_eq!(found[..2], expected[..2], "{text}");
            let first = |all: &[Vec<i64>]| all[2..].iter().find(|ids| !ids.is_empty()).cloned();
            assert_eq!(first(&found), first(&expected), "{text}");
        }
        hits += expected.iter().filter(|ids| !ids.is_empty()).count();
    }
    assert!(hits > 20, "{hits}");
}

#[test]
fn a_question_that_has_enough_is_asked_no_longer() {
    let branch = blocks(2);
    let query = Query::parse("1 1");
    let question = Question { clauses: query.in_place(), enough: Some(10), otherwise: false };
    let mut look = Look::new(branch.db.conn()).unwrap();
    let lists = [query.clauses(Way::Plain)];
    let all = alone(&mut look, &lists, &question);
    let some = look.among(&lists, &[question]).unwrap().remove(0).ids;
    assert!(some.len() > 10 && some.len() < all.len(), "{} of {}", some.len(), all.len());
    assert!(some.iter().all(|id| all.contains(id)));
}
