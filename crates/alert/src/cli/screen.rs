//! `alert screen`: what makes a Raspberry Pi the big screen of a room, as lines for its terminal.

use std::io::Write;
use std::process::ExitCode;

use alert_client::{ClientFlags, RoomArgument};
use clap::Args as ClapArgs;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert screen K7Q-FM2-XD9 --url https://alert.example.org
      print what to do on the Raspberry Pi at the screen
  alert screen K7Q-FM2-XD9 --url https://alert.example.org | ssh pi sh
      do it

The page /v1/screen?room=K7Q-FM2-XD9 shows a room on a large screen: the alerts in force, a countdown,
what was said last, and how to join. It works in any browser, and needs no login. Where a room has a
password, add #password=... to its address, or enter it once at the screen; where the server asks for a
token, #token=... .

Exit codes: 0 done; 2 wrong usage.";

/// What is encoded in an address: all that is no letter, digit or hyphen.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The room's code, in any spelling, or the link to it
    #[arg(value_parser = RoomArgument::parse)]
    room: RoomArgument,
    #[arg(long, help = ClientFlags::URL)]
    url: Option<String>,
    /// The language of the screen, such as de; without it that of the browser
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<String>,
}

impl Args {
    /// Prints the lines.
    pub(super) fn run(self) -> ExitCode {
        let flags = ClientFlags { url: self.url, name: None, token: None, link: self.room.server };
        let config = match super::load_client(&flags) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let address = &config.server.address;
        let origin = address.origin();
        if address.socket().is_some() || is_this_machine(&address.host()) {
            super::complain(format_args!(
                "a Raspberry Pi cannot reach {origin}: give the server's address in the network with --url"
            ));
        }
        match std::io::stdout()
            .write_all(lines(&origin, self.room.code.as_str(), self.lang.as_deref()).as_bytes())
        {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                super::complain(format_args!("standard output: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}

/// Nothing in the address ends the quotes around it: an origin has no quotes, and the rest is encoded.
fn lines(origin: &str, room: &str, lang: Option<&str>) -> String {
    let room = utf8_percent_encode(room, ENCODED);
    let lang = lang.map(|lang| format!("&lang={lang}")).unwrap_or_default();
    let address = format!("{origin}/v1/screen?room={room}{lang}");
    format!(
        "\
# On a Raspberry Pi with its desktop, as the user who is logged in at the screen by itself.
sudo apt-get install -y chromium curl
sudo raspi-config nonint do_boot_behaviour B4   # log in by itself
sudo raspi-config nonint do_blanking 1          # the display stays on
mkdir -p ~/.local/bin ~/.config/autostart
cat > ~/.local/bin/alert-screen <<'END'
#!/bin/sh
# The browser begins when the server answers, and again whenever it ends.
while :; do
  until curl --silent --fail --output /dev/null '{origin}/livez'; do sleep 2; done
  chromium --kiosk --no-first-run --noerrdialogs --disable-infobars --disable-session-crashed-bubble \\
    --autoplay-policy=no-user-gesture-required --enable-speech-dispatcher --password-store=basic \\
    --user-data-dir=\"$HOME/.local/share/alert-screen\" '{address}'
  sleep 2
done
END
chmod +x ~/.local/bin/alert-screen
cat > ~/.config/autostart/alert-screen.desktop <<END
[Desktop Entry]
Type=Application
Name=Alert
Exec=$HOME/.local/bin/alert-screen
END
# Now, and after every start: sudo reboot
"
    )
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback() || address.is_unspecified())
}

fn language(text: &str) -> Result<String, &'static str> {
    let is_tag = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_tag { Ok(text.to_owned()) } else { Err("it must be a language tag, such as de") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_room_then_its_address_stays_in_its_quotes() {
        let lines = lines("https://alert.example.org", "it's \"a\" $b", Some("de"));
        let address = "'https://alert.example.org/v1/screen?room=it%27s%20%22a%22%20%24b&lang=de'\n";
        assert!(lines.contains(address), "{lines}");
        assert!(lines.contains("'https://alert.example.org/livez'"), "{lines}");
    }
}
