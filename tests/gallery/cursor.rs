//! The cursor in every field of every form: visible, inside the field that has the hand, never on the last row.
