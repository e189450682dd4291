//! Somebody at a desk, without a terminal: open a screen over a branch, press keys, look at the picture.

use std::time::{Duration, Instant};

use meterdesk::rules::id::Id;
use meterdesk::tui::app::{App, initials};
use meterdesk::tui::canvas::Canvas;
use meterdesk::tui::harness::{Shot, press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::{Command, Place};
use meterdesk::tui::notation;
use meterdesk::tui::screen::{Reply, Screen};
use meterdesk::tui::screens::home::Home;
use meterdesk::tui::screens::menu::Menu;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;

use super::orders::Book;

/// The windows every picture is taken in.
pub const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// How long work beside the desk may keep a test waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a key of the lobby opens.
pub type Way = Box<dyn Fn(&mut App) -> Reply<App>>;

/// A desk with its screens.
pub struct Seat {
    /// What the screens share.
    pub app: App,
    /// The screens.
    pub stack: Stack<App>,
    folder: Option<tempfile::TempDir>,
}

/// Stands for home: opens what the test is about.
struct Lobby {
    ways: Vec<(Command, Way)>,
}

impl Screen<App> for Lobby {
    fn place(&self) -> Place {
        Place::Home
    }
    fn title(&self, _: &App) -> String {
        "首页".into()
    }
    fn keys(&self, _: &App) -> Vec<Command> {
        self.ways.iter().map(|(command, _)| *command).collect()
    }
    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match self.ways.iter().find(|(known, _)| *known == command) {
            Some((_, open)) => open(app),
            None => Reply::unused(),
        }
    }
    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        canvas.cursor(0, 0);
    }
}

impl Seat {
    /// At the home screen.
    pub fn home(book: Book, user: &str) -> Self {
        let app = app(book, user);
        let home = Home::new(&app);
        Self::with(app, home)
    }

    /// At the open menu.
    pub fn menu(book: Book, user: &str) -> Self {
        Self::with(app(book, user), Menu::new())
    }

    /// In a lobby whose keys open what the test is about.
    pub fn lobby(book: Book, user: &str, ways: Vec<(Command, Way)>) -> Self {
        Self::with(app(book, user), Lobby { ways })
    }

    /// In a lobby over a desk that is open already.
    pub fn over(app: App, ways: Vec<(Command, Way)>) -> Self {
        Self::with(app, Lobby { ways })
    }

    /// On a screen that lies over the lobby.
    pub fn on(book: Book, user: &str, open: impl Fn(&mut App) -> Reply<App> + 'static) -> Self {
        let mut seat = Self::lobby(book, user, vec![(Command::Open, Box::new(open))]);
        seat.press("<Enter>");
        seat
    }

    /// With a lowest screen of the test's own.
    pub fn with(app: App, lowest: impl Screen<App> + 'static) -> Self {
        Self { app, stack: Stack::new(lowest, Theme::default(), initials), folder: None }
    }

    /// Keeps the folder the book lies in until the desk is left.
    pub fn keeping(self, folder: tempfile::TempDir) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// Another person sits down at the same desk.
    pub fn sit(&mut self, user: &str) -> &mut Self {
        self.app.desk.sign_in_practice(user).unwrap();
        self.app.refresh();
        self
    }

    /// Presses keys, typed ahead.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        press(&mut self.stack, &mut self.app, keys).unwrap();
        self
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.stack.paste(text, &mut self.app);
        self
    }

    /// Lets the thread beside the desk work until the screen shows these words.
    pub fn until(&mut self, words: &str) -> &mut Self {
        let begun = Instant::now();
        while !self.shot().has(words) {
            assert!(begun.elapsed() < PATIENCE, "{words}\n{}", self.shot().picture());
            std::thread::sleep(Duration::from_millis(20));
            self.stack.wake(&mut self.app);
        }
        self
    }

    /// The picture at 80×24; the cursor is visible and not on the last row.
    pub fn shot(&mut self) -> Shot {
        self.shot_of(SIZES[0])
    }

    /// The picture in a window of a size.
    pub fn shot_of(&mut self, (width, height): (u16, u16)) -> Shot {
        let shot = render(&mut self.stack, &self.app, width, height);
        let (_, y) = shot.cursor.expect("the cursor is visible");
        assert!(y + 1 < height, "never on the last row");
        shot
    }

    /// The screen shows these words.
    pub fn shows(&mut self, words: &str) -> &mut Self {
        let shot = self.shot();
        assert!(shot.has(words), "{words}\n{}", shot.picture());
        self
    }

    /// Compares the pictures at both sizes with those accepted; `hide` is what differs from run to run.
    pub fn snapshot_without(&mut self, name: &str, hide: &[&str]) {
        let mut pictures = String::new();
        for size in SIZES {
            let picture = self.shot_of(size).picture();
            pictures += &format!("{}×{}\n{picture}", size.0, size.1);
        }
        for hidden in hide {
            pictures = pictures.replace(hidden, "…");
        }
        let pictures = without_head_codes(&pictures);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, pictures));
    }

    /// Compares the pictures at both sizes with those accepted.
    pub fn snapshot(&mut self, name: &str) {
        self.snapshot_without(name, &[]);
    }
}

fn app(mut book: Book, user: &str) -> App {
    book.desk.sign_in_practice(user).unwrap();
    App::new(book.desk, Inputs::silent().waker())
}

/// An account by its 户号.
pub fn account(app: &App, no: &str) -> Id {
    app.desk.look().unwrap().account_of_text(no).unwrap().expect(no).id
}

/// How many of these keys are control keys: neither words nor numbers.
pub fn control_keys(keys: &str) -> usize {
    notation::parse(keys).unwrap().into_iter().filter(|key| key.typed().is_none_or(|c| c == ' ')).count()
}

/// Head codes (校验码) hang on the salts of a run: a picture shows where one stands.
fn without_head_codes(pictures: &str) -> String {
    const WORD: &str = "校验码 ";
    let mut parts = pictures.split(WORD);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.chars().take_while(|c| c.is_ascii_alphanumeric()).count();
        shown.push_str(WORD);
        shown.push_str(&"#".repeat(code));
        shown.push_str(&part[code..]);
    }
    shown
}
