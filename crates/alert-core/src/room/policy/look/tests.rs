//! Names that read alike, and names that do not.

use super::*;

fn is_like(one: &str, other: &str) -> bool {
    let look = |text| Look::of(&UserName::parse(text, 64).unwrap());
    let (one, other) = (look(one), look(other));
    assert_eq!(one.is_like(&other), other.is_like(&one));
    one.is_like(&other)
}

fn assert_all_like(name: &str, others: &[&str]) {
    let unlike: Vec<_> = others.iter().filter(|other| !is_like(name, other)).collect();
    assert_eq!(unlike, Vec::<&&str>::new(), "do not look like {name}");
}

#[test]
fn given_case_spaces_marks_and_decoration_then_names_look_the_same() {
    assert_all_like(
        "Ms Ortega",
        &[
            "Ms Ortega",
            "ms ortega",
            "MS ORTEGA",
            "Ms  Ortega",
            "Ms. Ortega",
            "MsOrtega",
            "Ms_Ortega",
            "Ms 0rtega",
            "Ms\u{b7}Ortega",
            "Ms Ortega\u{332}",
            "Ms Ortega\u{20dd}",
            "Ms Ortega\u{1f451}",
            "Ms Ortega\u{2024}",
            "Ms Ortega\u{2019}",
            "Ms Ortega\u{201a}",
            "Ms Ortega`",
            "Ms Ortega\u{b4}",
            "Ms Ortega\u{2bc}",
            "(Ms Ortega)",
            "Ms Ortega!",
            "\u{2605}Ms Ortega\u{2605}",
            "Ms Ortega\u{fe0f}",
            "Ms\u{200b} Ortega",
            "Ms Or\u{200d}tega",
            "Ms Or\u{ad}tega",
            "Ms\u{3164}Ortega",
            "Ms\u{2800}Ortega",
            "Ms Or\u{34f}tega",
            "M\u{336}s\u{336} O\u{336}rtega",
            "Ms Orteg\u{430}\u{489}",
            "Ms Or\u{115f}tega",
        ],
    );
}

#[test]
fn given_letters_of_other_scripts_and_forms_then_names_look_the_same() {
    assert_all_like(
        "Ms Ortega",
        &[
            "M\u{455} Ortega",
            "Ms \u{41e}rtega",
            "\u{ff2d}\u{ff53} Ortega",
            "Ms \u{3bf}rtega",
            "\u{1d40c}s Ortega",
            "\u{41c}s Ortega",
            "\u{39c}s Ortega",
            "\u{41c}S ORTEGA",
            "\u{41c}S \u{41e}R\u{422}EGA",
            "\u{24c2}s Ortega",
            "\u{1f15c}s Ortega",
            "\u{1f17c}s Ortega",
        ],
    );
    assert_all_like(
        "Teacher",
        &[
            "\u{422}eacher",
            "\u{3a4}eacher",
            "\u{422}EACHER",
            "\u{422}\u{415}\u{410}\u{421}\u{41d}\u{415}R",
            "t\u{435}\u{430}\u{441}her",
            "Te\u{430}cher",
            "\u{13a2}eacher",
            "\u{1d413}eacher",
            "\u{1f163}eacher",
            "\u{ff34}eacher",
            "\u{422}\u{435}\u{430}\u{441}h\u{435}r",
            "tE\u{410}cher",
            "\u{442}eacher",
        ],
    );
    assert_all_like(
        "Bill",
        &["\u{412}ill", "\u{392}ill", "\u{412}iLl", "\u{412}\u{456}II", "\u{412}\u{406}LL", "B\u{131}ll"],
    );
    assert_all_like("Nina", &["\u{39d}ina", "\u{39d}INA", "N\u{406}NA", "\u{39d}\u{399}N\u{391}"]);
    assert_all_like("Yvonne", &["\u{3a5}vonne", "\u{3a5}VONNE", "Y\u{3bd}onne", "\u{4ae}vonne"]);
    assert_all_like("Karl", &["\u{41a}arl", "\u{39a}arl", "K\u{410}RL", "\u{41a}\u{430}rI", "\u{212a}arl"]);
    assert_all_like("Host", &["\u{41d}ost", "\u{397}ost", "H\u{41e}ST"]);
    assert_all_like("Ben", &["\u{412}en", "\u{392}en", "B\u{415}N"]);
    assert_all_like("Tom", &["\u{422}om", "\u{3a4}\u{39f}\u{39c}", "T0m", "Torn", "TO\u{41c}"]);
    assert_all_like(
        "\u{412}\u{435}\u{440}\u{430}",
        &[
            "\u{432}\u{435}\u{440}\u{430}",
            "\u{412}\u{415}\u{420}\u{410}",
            "Bepa",
            "\u{412}epa",
            "\u{432}EP\u{410}",
        ],
    );
}

#[test]
fn given_strokes_that_are_drawn_alike_then_names_look_the_same() {
    assert_all_like(
        "Paul",
        &[
            "PauI",
            "Pau1",
            "Pau|",
            "pauI",
            "PAU1",
            "pAUl",
            "P\u{430}u\u{406}",
            "Pau\u{4c0}",
            "Pau\u{ff4c}",
            "Pau\u{ff29}",
        ],
    );
    assert_all_like("Bill", &["BiII", "BilI", "biII", "B1ll", "Bi11", "BiI1", "BIll"]);
    assert_all_like("Admin", &["ADMIN", "ADMlN", "Adm1n", "AdMlN"]);
    assert_all_like(
        "ADMIN",
        &[
            "ADMlN",
            "AD\u{41c}IN",
            "ADM\u{406}N",
            "ADMI\u{39d}",
            "\u{391}D\u{39c}IN",
            "A\u{13a0}MIN",
            "AdMlN",
            "adm\u{131}n",
            "AdmIn",
        ],
    );
    assert_all_like("Lily Ink", &["IiIy Ink", "LiIy Ink", "1i1y 1nk"]);
    assert_all_like("Ian", &["lan", "IAN", "1an"]);
}

#[test]
fn given_names_that_read_otherwise_then_they_do_not_look_the_same() {
    for (one, other) in [
        ("Ms Ortega", "Mr Ortega"),
        ("Ms Ortega", "Ortega"),
        ("Ms Ortega", "Ms Ortega 2"),
        ("Ms", "Ms Ortega"),
        ("Ms Ortega", "Ms Ort\u{e9}ga"),
        ("Jose", "Jos\u{e9}"),
        ("Ila", "Lia"),
        ("Mei", "Mel"),
        ("Ai", "Al"),
        ("Kai", "Kal"),
        ("Sai", "Sal"),
        ("Eli", "Ell"),
        ("Ali", "All"),
        ("PAUL", "PAUI"),
        ("***", "---"),
        ("\u{1f600}", "\u{1f60e}"),
        ("Anna", "Hanna"),
        ("Ana", "Anna"),
        ("Tim", "Tom"),
        // Cyrillic: Ира, Ида; Миша, Маша; Коля, Толя; Вика, Ника; Дима, Рима; Оля, Юля; Артём, Артем; Илья, Ильи
        ("\u{418}\u{440}\u{430}", "\u{418}\u{434}\u{430}"),
        ("\u{41c}\u{438}\u{448}\u{430}", "\u{41c}\u{430}\u{448}\u{430}"),
        ("\u{41a}\u{43e}\u{43b}\u{44f}", "\u{422}\u{43e}\u{43b}\u{44f}"),
        ("\u{412}\u{438}\u{43a}\u{430}", "\u{41d}\u{438}\u{43a}\u{430}"),
        ("\u{414}\u{438}\u{43c}\u{430}", "\u{420}\u{438}\u{43c}\u{430}"),
        ("\u{41e}\u{43b}\u{44f}", "\u{42e}\u{43b}\u{44f}"),
        ("\u{418}\u{43b}\u{44c}\u{44f}", "\u{418}\u{43b}\u{44c}\u{438}"),
        ("\u{421}\u{430}\u{448}\u{430}", "\u{41f}\u{430}\u{448}\u{430}"),
        // Greek: Νίκος, Γίκος; Μαρία, Μαρίνα; Άννα, Άρτα; Γιάννης, Γιάννας
        ("\u{39d}\u{3af}\u{3ba}\u{3bf}\u{3c2}", "\u{393}\u{3af}\u{3ba}\u{3bf}\u{3c2}"),
        ("\u{39c}\u{3b1}\u{3c1}\u{3af}\u{3b1}", "\u{39c}\u{3b1}\u{3c1}\u{3af}\u{3bd}\u{3b1}"),
        ("\u{386}\u{3bd}\u{3bd}\u{3b1}", "\u{386}\u{3c1}\u{3c4}\u{3b1}"),
        // Chinese: 李伟, 李玮; 王芳, 玉芳; 张伟, 张炜. Arabic: علي, عالي; محمد, محمود; أحمد, حمد; Hebrew: דן, רן
        ("\u{674e}\u{4f1f}", "\u{674e}\u{73ae}"),
        ("\u{738b}\u{82b3}", "\u{7389}\u{82b3}"),
        ("\u{5f20}\u{4f1f}", "\u{5f20}\u{709c}"),
        ("\u{639}\u{644}\u{64a}", "\u{639}\u{627}\u{644}\u{64a}"),
        ("\u{645}\u{62d}\u{645}\u{62f}", "\u{645}\u{62d}\u{645}\u{648}\u{62f}"),
        ("\u{623}\u{62d}\u{645}\u{62f}", "\u{62d}\u{645}\u{62f}"),
        ("\u{5d3}\u{5df}", "\u{5e8}\u{5df}"),
    ] {
        assert!(!is_like(one, other), "{one}, {other}");
    }
    for name in [
        "\u{10d0}\u{10dc}\u{10d0}",
        "***",
        "\u{674e}\u{4f1f}",
        "\u{645}\u{62d}\u{645}\u{62f}",
        "\u{928}\u{947}\u{939}\u{93e}",
    ] {
        assert!(is_like(name, name), "{name}");
    }
    assert!(is_like("\u{645}\u{62d}\u{645}\u{62f}", "\u{645}\u{640}\u{62d}\u{645}\u{62f}"), "stretched");
}

#[test]
fn given_a_name_that_stands_for_many_characters_then_what_it_begins_with_is_compared() {
    let long = "\u{fdfa}".repeat(58);
    let look = Look::of(&UserName::parse(&long, 64 * 4).unwrap());
    assert!(look.0.len() <= LONGEST);
}
