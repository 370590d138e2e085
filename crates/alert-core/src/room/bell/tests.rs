use super::*;

fn form() -> Form {
    Form {
        id: "lesson-1".into(),
        rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR".into(),
        times: vec!["08:40".into()],
        zone: "Europe/Berlin".into(),
        say: Some("Class ends in 5 minutes".into()),
        ..Form::default()
    }
}

fn raised() -> Raised {
    Raised { text: "Siren test".into(), ends_after: "5m".into(), ..Raised::default() }
}

#[test]
fn a_bell_is_read_as_it_was_written_whole() {
    let long = Form {
        from: Some("2026-09-01".into()),
        except: vec!["2026-12-24/2027-01-06".into()],
        on: [("2026-12-01".into(), vec!["08:30".into()]), ("2026-12-02".into(), vec![])].into(),
        name: Some("Gong".into()),
        say: None,
        alert: Some(Raised { level: Some("emergency".into()), drill: true, confirm: true, ..raised() }),
        missed: Some("skip".into()),
        ..form()
    };
    for form in [form(), long] {
        let bell = Bell::try_from(&form).unwrap();
        let written = serde_json::to_string(&Form::from(&bell)).unwrap();
        let read: Form = serde_json::from_str(&written).unwrap();
        assert_eq!(Bell::try_from(&read).as_ref(), Ok(&bell), "{written}");
    }
    let bell = Bell::try_from(&form()).unwrap();
    assert_eq!((bell.by.as_str(), bell.missed), ("Bell", Missed::Within(LATE)));
}

#[test]
fn given_what_is_wrong_with_a_bell_then_its_key_is_named() {
    let alert = |alert: Raised| Form { say: None, alert: Some(alert), ..form() };
    let many = (0..201).map(|day| (format!("{day}"), vec![])).collect();
    let wrong = [
        ("id", Form { id: "Lesson 1".into(), ..form() }),
        ("rule", Form { rule: "every day".into(), ..form() }),
        ("from", Form { from: Some("soon".into()), ..form() }),
        ("from", Form { from: Some("1066-10-14".into()), ..form() }),
        ("times", Form { times: vec![], ..form() }),
        ("times", Form { times: vec!["8".into()], ..form() }),
        ("zone", Form { zone: String::new(), ..form() }),
        ("except", Form { except: vec!["Christmas".into()], ..form() }),
        ("on", Form { on: [("Tuesday".into(), vec![])].into(), ..form() }),
        ("on", Form { on: [("2026-12-01".into(), vec!["9".into()])].into(), ..form() }),
        ("on", Form { on: many, ..form() }),
        ("name", Form { name: Some(" ".into()), ..form() }),
        ("say", Form { say: None, ..form() }),
        ("say", Form { alert: Some(raised()), ..form() }),
        ("say", Form { say: Some("\u{200b}".into()), ..form() }),
        ("alert", alert(Raised { text: String::new(), ..raised() })),
        ("alert", alert(Raised { level: Some("loud".into()), ..raised() })),
        ("alert", alert(Raised { ends_after: "never".into(), ..raised() })),
        ("missed", Form { missed: Some("2h".into()), ..form() }),
    ];
    for (key, form) in wrong {
        let error = Bell::try_from(&form).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
        assert!(error.to_string().starts_with(&format!("{key}: ")), "{error}");
    }
}

#[test]
fn given_other_times_on_a_day_then_a_bell_rings_then() {
    let at = |text: &str| SystemTime::from(text.parse::<Timestamp>().unwrap());
    let bell = Bell::try_from(&form()).unwrap();
    let sunday = at("2026-11-29T23:00:00Z");
    assert_eq!(bell.next(sunday), Some(at("2026-11-30T07:40:00Z")));
    let monday: Date = "2026-11-30".parse().unwrap();
    let short = bell.on([(monday, Times::parse(&["08:30"]).unwrap())]);
    assert_eq!(short.preview(sunday, 2), [at("2026-11-30T07:30:00Z"), at("2026-12-01T07:40:00Z")]);
    let skipped = bell.on([(monday, Times::default())]);
    assert_eq!(skipped.next(sunday), Some(at("2026-12-01T07:40:00Z")));
}
