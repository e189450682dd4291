//! The bottom line is true: every key it names does something on the picture it stands under.

use meterdesk::tui::harness::render;

use crate::FAMILIES;
use crate::support::seat::SIZES;

#[test]
fn every_key_of_the_bottom_line_does_something() {
    let mut dead = Vec::new();
    for shown in FAMILIES.iter().copied().flatten() {
        for (state, picture) in shown.pictures().into_iter().take(2) {
            let Some(seat) = picture.seat() else { continue };
            let commands = seat.stack.keys(&seat.app);
            for command in commands {
                let Some(key) = command.key() else { continue };
                let mut seat = picture.seat().expect("it was there");
                let (width, height) = SIZES[0];
                let before = render(&mut seat.stack, &seat.app, width, height);
                seat.stack.key(key, &mut seat.app);
                let after = render(&mut seat.stack, &seat.app, width, height);
                if before == after && seat.stack.toast().is_none() && !seat.stack.has_quit() {
                    dead.push(format!("{}_{state}: {key} {}", shown.screen, command.name()));
                }
            }
        }
    }
    assert!(dead.is_empty(), "keys that do nothing:\n{}", dead.join("\n"));
}
