//! A room where an emergency takes a second person: it waits, is released, lapses or is withdrawn.

use serde_json::{Value, json};

use super::{Hosted, JSON, in_force, joins, of_each_kind};
use crate::heard::{message, status};
use crate::http::Answer;
use crate::rights::outcome;
use crate::server::Server;

impl Hosted {
    /// The same room, where an emergency takes two.
    fn of_two(server: &Server) -> Self {
        let host = Self::of(server);
        let set = host.acts(server, &json!({ "action": "set", "settings": { "two_person": true } }));
        assert_eq!((set.status, &set.json()["policy"]["two_person"]), (200, &json!(true)));
        host
    }

    fn acts(&self, server: &Server, action: &Value) -> Answer {
        let headers = [JSON, ("alert-host-key", &*self.key)];
        server.ask("POST", "/v1/rooms/R1/actions", &headers, action.to_string().as_bytes())
    }

    fn releases(&self, server: &Server, id: &str, name: &str) -> Answer {
        let headers = [JSON, ("alert-host-key", &*self.key), ("alert-name", name)];
        server.ask("POST", &format!("/v1/rooms/R1/alerts/{id}/release"), &headers, b"")
    }

    fn lists(&self, server: &Server) -> Value {
        server.ask("GET", "/v1/rooms/R1/alerts", &[("alert-host-key", &self.key)], b"").json()
    }
}

#[test]
fn an_emergency_is_heard_when_a_second_person_has_released_it_on_whichever_server() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of_two(here);
        let mut v1 = there.join("R1", "Cy");
        let proposed =
            host.asks(here, "POST", "", &json!({ "text": "Fire", "level": "emergency", "drill": true }));
        assert_eq!(proposed.status, 202, "{proposed:?}");
        let proposed = proposed.json();
        let id = proposed["alert"]["id"].as_str().unwrap();
        assert!(proposed["alert"]["lapses_at"].is_string());
        assert_eq!(host.lists(there)["proposed"], json!([proposed["alert"]]));
        assert_eq!(
            (in_force(there), there.get("/v1/rooms/R1/alerts").json().get("proposed")),
            (vec![], None)
        );
        let own = host.releases(there, id, "ada");
        assert_eq!((own.status, own.problem().as_str()), (403, "not_allowed"));
        // A warning takes nobody else; it cannot become an emergency.
        let warning = host.raises(here, &json!({ "text": "Ice" }));
        assert_eq!(v1.hears(), message("Ada: WARNING: Ice"));
        let up = host.asks(here, "PATCH", &format!("/{warning}"), &json!({ "level": "emergency" }));
        assert_eq!((up.status, up.problem().as_str()), (403, "not_allowed"));

        let released = host.releases(there, id, "Bea");
        assert_eq!((released.status, &released.json()["alert"]["released_by"]), (200, &json!("Bea")));
        assert_eq!(v1.hears(), message("Ada: DRILL: EMERGENCY: Fire"));
        assert_eq!(host.releases(here, id, "Bea").json()["alert"], released.json()["alert"], "a retry");
        assert_eq!(
            (in_force(here), &host.lists(here)["proposed"]),
            (vec!["Ice".into(), "Fire".into()], &json!([]))
        );
        let audit = host.acts(here, &json!({ "action": "audit" })).json();
        let lines: Vec<_> = ["propose", "release"]
            .iter()
            .map(|deed| {
                audit["audit"].as_array().unwrap().iter().find(|line| line["action"] == *deed).unwrap()
            })
            .collect();
        assert_eq!([&lines[0]["detail"], &lines[0]["to"]], [&json!("DRILL: EMERGENCY: Fire"), &json!(id)]);
        assert_eq!(lines[1]["detail"], "DRILL: EMERGENCY: Fire (proposed by Ada)");
    }
}

#[test]
fn whoever_may_alert_is_called_to_look_and_what_is_withdrawn_nobody_hears() {
    for (servers, _redis) in of_each_kind(&[]) {
        let (here, there) = (&servers[0], servers.last().unwrap());
        let host = Hosted::of_two(here);
        let mut v1 = there.join("R1", "Cy");
        let (mut v2, _) = joins(there, "Bea");
        assert_eq!(v1.hears(), status("Bea has entered the room."));
        let proposed = host.asks(here, "POST", "", &json!({ "text": "Fire", "level": "emergency" })).json();
        while !v2.packet().starts_with("42/v2,[\"policy\",") {}
        let list = json!(["alert", { "room": "R1", "action": "list", "host": host.key }]);
        let listed = v2.asks("/v2,", &list);
        assert_eq!(listed["proposed"], json!([proposed["alert"]]));
        let id = proposed["alert"]["id"].as_str().unwrap();
        let ended = host.asks(here, "DELETE", &format!("/{id}"), &json!({}));
        assert_eq!((ended.status, &ended.json()["alert"]["withdrawn"]), (200, &json!(true)));
        let late = host.releases(there, id, "Bea");
        assert_eq!((late.status, late.problem().as_str()), (404, "no_such_alert"));
        let raised = host.asks(here, "POST", "", &json!({ "text": "Fire", "level": "emergency" })).json();
        let id = &raised["alert"]["id"];
        let release = json!(["alert", { "room": "R1", "action": "release", "id": id, "host": host.key }]);
        let released = v2.asks("/v2,", &release);
        assert_eq!((outcome(&released).as_str(), &released["alert"]["released_by"]), ("ok", &json!("Bea")));
        assert_eq!(v1.hears(), message("Ada: EMERGENCY: Fire"), "and nothing of the first");
    }
}
