use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// A small world: `x` with every type, and a list of records.
fn schema() -> &'static Schema {
    fn field(name: &'static str, ty: Type, may_be_absent: bool) -> Field {
        Field { name, ty, may_be_absent, doc: String::new(), phrases: None }
    }
    static MEMBER: LazyLock<Schema> = LazyLock::new(|| Schema {
        name: "Member",
        doc: String::new(),
        fields: vec![field("name", Type::Text, false), field("good", Type::Bool, false), field("limit", Type::Int, true)],
    });
    static X: LazyLock<Schema> = LazyLock::new(|| Schema {
        name: "X",
        doc: String::new(),
        fields: vec![
            field("a", Type::Bool, false),
            field("b", Type::Bool, false),
            field("n", Type::Int, false),
            field("limit", Type::Int, true),
            field("text", Type::Text, false),
            field("words", Type::list(Type::Text), false),
            field("members", Type::list(Type::Record(&MEMBER)), false),
            field("inner", Type::Record(&MEMBER), true),
        ],
    });
    &X
}

fn variables() -> Vec<(&'static str, Type)> {
    vec![("x", Type::Record(schema()))]
}

fn compile(source: &str) -> Result<Expression, ExpressionError> {
    Expression::compile(source, &variables(), Wanted::Answer, None)
}

fn record(schema: &'static Schema, fields: Vec<Value>) -> Value {
    Value::Record(RecordValue { schema, fields }.into())
}

fn member_schema() -> &'static Schema {
    match &schema().field("inner").unwrap().1.ty {
        Type::Record(member) => member,
        _ => unreachable!(),
    }
}

fn member(name: &str, good: Value, limit: Value) -> Value {
    record(member_schema(), vec![Value::text(name), good, limit])
}

fn unknown() -> Value {
    Value::unknown("no right")
}

/// `x` with two members.
fn world() -> Vec<Value> {
    vec![
        Value::Bool(true),
        Value::Bool(false),
        Value::Int(7),
        Value::Absent,
        Value::text("hello"),
        Value::list([Value::text("CHOWN"), Value::text("KILL")]),
        Value::list([member("one", Value::Bool(true), Value::Int(5)), member("two", Value::Bool(false), Value::Absent)]),
        member("inner", Value::Bool(true), Value::Absent),
    ]
}

fn evaluate(source: &str, fields: Vec<Value>) -> Value {
    compile(source).unwrap_or_else(|error| panic!("{source}: {error}")).evaluate(&[record(schema(), fields)]).value
}

fn with(field: &str, value: Value) -> Vec<Value> {
    let mut fields = world();
    fields[schema().field(field).unwrap().0] = value;
    fields
}

#[test]
fn answers() {
    for source in [
        "x.a && !x.b",
        "x.n == 7 && x.n != 8 && x.n < 8 && x.n <= 7 && x.n > -1 && x.n >= 7",
        "x.n + 1 == 8",
        "x.text + '!' == \"hello!\"",
        "x.text.startsWith('he') && x.text.endsWith('lo') && x.text.contains('ell')",
        "x.text in ['hello', 'world'] && !('KILLED' in x.words)",
        "x.words.size() == 2 && size(x.text) == 5 && size([]) == 0",
        "x.words == ['CHOWN', 'KILL'] && x.words != []",
        "x.members.exists(m, m.good) && !x.members.all(m, m.good)",
        "x.members.filter(m, m.good).map(m, m.name) == ['one']",
        "!is_set(x.limit) || x.limit < 5",
        "x.members.exists(m, is_set(m.limit) && m.limit == 5)",
        "is_set(x.inner) && x.inner.good",
        "x.members.all(m, x.members.exists(other, other.name == m.name))",
    ] {
        assert_eq!(evaluate(source, world()), Value::Bool(true), "{source}");
    }
}

/// Every operation with an unknown operand, for all values of the other one.
#[test]
fn kleene_truth_table() {
    let rows: &[(&str, &str, Value, Option<bool>)] = &[
        ("x.a && x.b", "a", unknown(), Some(false)),
        ("x.b && x.a", "a", unknown(), Some(false)),
        ("x.a && x.b", "b", unknown(), None),
        ("x.a || x.b", "b", unknown(), Some(true)),
        ("x.b || x.a", "b", unknown(), Some(true)),
        ("x.a || x.b", "a", unknown(), None),
        ("!x.a", "a", unknown(), None),
        ("x.n == 7", "n", unknown(), None),
        ("x.n != 7", "n", unknown(), None),
        ("x.n < 7", "n", unknown(), None),
        ("x.n == x.n", "n", unknown(), None),
        ("is_set(x.limit)", "limit", unknown(), None),
        ("is_set(x.limit)", "limit", Value::Absent, Some(false)),
        ("is_set(x.limit)", "limit", Value::Int(1), Some(true)),
        ("!is_set(x.limit) || x.limit < 5", "limit", unknown(), None),
        ("is_set(x.limit) && x.limit < 5", "limit", Value::Absent, Some(false)),
        ("is_set(x.inner) && x.inner.good", "inner", Value::Absent, Some(false)),
        ("is_set(x.inner) && x.inner.good", "inner", unknown(), None),
        ("x.text.contains('e')", "text", unknown(), None),
        // A list that was read in part: what is there decides where it can.
        ("'KILL' in x.words", "words", Value::list([Value::text("KILL"), unknown()]), Some(true)),
        ("'KILL' in x.words", "words", Value::list([Value::text("CHOWN"), unknown()]), None),
        ("!('KILL' in x.words)", "words", Value::list([unknown()]), None),
        ("x.text in x.words", "text", unknown(), None),
        ("x.text in []", "text", unknown(), Some(false)),
        ("!x.words.exists(c, c == 'KILL')", "words", Value::list([Value::text("CHOWN"), unknown()]), None),
        ("x.words.exists(c, c == 'KILL')", "words", Value::list([unknown(), Value::text("KILL")]), Some(true)),
        ("x.words.all(c, c == 'KILL')", "words", Value::list([Value::text("CHOWN"), unknown()]), Some(false)),
        ("x.words.all(c, c == 'KILL')", "words", Value::list([Value::text("KILL"), unknown()]), None),
        ("x.words.all(c, c == 'KILL')", "words", Value::list([]), Some(true)),
        ("x.words.size() == 2", "words", Value::list([Value::text("KILL"), unknown()]), None),
        ("x.words.size() > 0", "words", unknown(), None),
        ("x.words == ['KILL']", "words", Value::list([Value::text("KILL"), unknown()]), None),
        ("x.words != ['KILL']", "words", Value::list([unknown()]), None),
        ("x.members.filter(m, m.good).size() == 0", "members", Value::list([member("one", unknown(), Value::Absent)]), None),
        ("x.members.filter(m, m.good).exists(m, m.name == 'one')", "members", Value::list([member("one", unknown(), Value::Absent)]), None),
        ("'one' in x.members.map(m, m.name)", "members", Value::list([member("one", unknown(), Value::Absent), unknown()]), Some(true)),
    ];
    for (source, field, value, expect) in rows {
        let got = evaluate(source, with(field, value.clone()));
        assert_eq!(got.as_bool(), *expect, "{source} with {field} = {value:?} gives {got:?}");
    }
}

/// Source, part of the message, and the word at which it points.
#[test]
fn wrong_predicates_are_refused() {
    for (source, message, at) in [
        ("x.aa", "X has no field `aa`", "aa"),
        ("x.memebrs.exists(m, m.good)", "did you mean `members`?", "memebrs"),
        ("y.a", "unknown name `y`", "y"),
        ("x.n", "must be bool, this is int", "x.n"),
        ("x.n == '7'", "int and string can't be compared", "=="),
        ("x.a == 1", "bool and int can't be compared", "=="),
        ("x.a && x.n", "must be bool, this is int", "x.n"),
        ("!x.n", "must be bool, this is int", "x.n"),
        ("x.text < 'z'", "only ints are ordered", "<"),
        ("x.limit < 5", "`x.limit` may be absent: guard it", "x.limit"),
        ("x.limit < 5 && is_set(x.limit)", "`x.limit` may be absent", "x.limit"),
        ("is_set(x.limit) || x.limit < 5", "`x.limit` may be absent", "x.limit < "),
        ("(is_set(x.limit) || x.a) && x.limit < 5", "`x.limit` may be absent", "x.limit < "),
        ("x.inner.good", "`x.inner` may be absent", "x.inner"),
        ("is_set(x.inner) && x.inner.limit > 1", "`x.inner.limit` may be absent", "x.inner.limit"),
        ("is_set(x.n) && x.n > 1", "`x.n` is never absent", "x.n"),
        ("is_set(x.n > 1)", "is_set(..) takes a fact", ">"),
        ("has(x.limit)", "has() is refused", "("),
        ("x.?limit == 1", "`.?` is refused", ".?"),
        ("x.members.exists(m, m.wrong)", "Member has no field `wrong`", "wrong"),
        ("x.members.exists(x, x.good)", "`x` has a meaning already", "x, "),
        ("x.members.exists(m.good)", "takes a variable and an expression", "("),
        ("x.members.exist(m, m.good)", "did you mean `exists`?", "("),
        ("x.members.exists_one(m, m.good)", "use filter and size", "("),
        ("x.words.contains('a')", "for a list write `x in list`", "("),
        ("x.n in x.words", "int cannot be a member of list<string>", "in"),
        ("'a' in x.text", "the right side of `in` must be a list", "x.text"),
        ("x.members == []", "has no equality", "=="),
        ("x.words.exists(w, w == 1)", "string and int can't be compared", "== 1"),
        ("x.n.startsWith('7')", "must be string, this is int", "x.n"),
        ("matches(x.text, 'a')", "unknown function `matches`", "("),
        ("x.text.matches('a')", "unknown method `matches`", "("),
        ("x.a ? x.b : x.a", "`? :` is not part", "?"),
        ("x.words[0] == 'a'", "indexing is not part", "["),
        ("x.n - 1 == 6", "of arithmetic there is only `+`", "-"),
        ("x.n == 7.0", "there are no fractions", "7.0"),
        ("x.n == 7u", "without `u`", "7u"),
        ("x.limit == null", "there is no null", "null"),
        ("['a', 1] == []", "a list holds one type", "1"),
        ("{'a': 1} == {}", "maps are not part", "{"),
        ("x.a &&", "syntax error", ""),
        ("x.a && (x.b", "syntax error", ""),
        ("", "syntax error", ""),
    ] {
        let error = compile(source).err().unwrap_or_else(|| panic!("{source} is accepted"));
        assert!(error.message.contains(message), "{source}: {}", error.message);
        assert!(source[error.offset..].starts_with(at), "{source}: points at `{}`, not at `{at}`", &source[error.offset..]);
    }
}

#[test]
fn guards_that_are_understood() {
    for source in [
        "is_set(x.limit) && x.limit < 5",
        "!is_set(x.limit) || x.limit < 5",
        "!(!is_set(x.limit) || x.a) && x.limit < 5",
        "!(is_set(x.limit) && x.a) || x.limit < 5",
        "(is_set(x.limit) && x.a) && (x.b || x.limit < 5)",
        "(is_set(x.limit) || !is_set(x.limit)) && x.a",
        "is_set(x.inner) && is_set(x.inner.limit) && x.inner.limit > 1",
        "is_set(x.limit) && x.words.exists(w, x.limit > 1)",
        "x.members.all(m, !is_set(m.limit) || m.limit > 1)",
    ] {
        if let Err(error) = compile(source) {
            panic!("{source}: {error}");
        }
    }
    let when = compile("is_set(x.limit) && x.a").unwrap();
    assert!(Expression::compile("x.limit < 5", &variables(), Wanted::Answer, Some(&when)).is_ok());
}

#[test]
fn what_may_be_shown() {
    let shown = |source: &str| Expression::compile(source, &variables(), Wanted::Shown, None);
    assert!(shown("x.limit").is_ok() && shown("x.members.map(m, m.name)").is_ok() && shown("x.text").is_ok());
    assert!(shown("x.members").unwrap_err().message.contains("show its fields"));
    assert!(shown("x.inner").is_err());
}

#[test]
fn what_was_read() {
    let read = |source: &str| compile(source).unwrap().evaluate(&[record(schema(), world())]).read.join(" ");
    assert_eq!(read("x.b && x.a"), "x.b");
    assert_eq!(read("x.a && x.n == 7 && x.a"), "x.a x.n");
    assert_eq!(read("is_set(x.inner) && x.inner.good"), "x.inner x.inner.good");
    assert_eq!(compile("x.b && x.members.exists(m, m.good)").unwrap().paths(), ["x.b", "x.members"]);
}

/// Any well-typed condition over the world, by grammar.
fn condition() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("x.n".to_owned()),
        (0..9i64).prop_map(|n| n.to_string()),
        Just("x.words.size()".to_owned()),
        Just("x.members.filter(m, m.good).size()".to_owned())
    ];
    let text = prop_oneof![Just("x.text".to_owned()), Just("'KILL'".to_owned()), Just("'hello'".to_owned())];
    let leaf = prop_oneof![
        Just("x.a".to_owned()),
        Just("x.b".to_owned()),
        Just("is_set(x.limit)".to_owned()),
        Just("(is_set(x.limit) && x.limit < 5)".to_owned()),
        Just("(!is_set(x.limit) || x.limit != 5)".to_owned()),
        Just("(is_set(x.inner) && x.inner.good)".to_owned()),
        (number.clone(), prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")], number.clone())
            .prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
        (number.clone(), number).prop_map(|(a, b)| format!("({a} + {b} > 7)")),
        (text.clone(), prop_oneof![Just("=="), Just("!=")], text.clone()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
        text.clone().prop_map(|text| format!("({text} in x.words)")),
        (text.clone(), prop_oneof![Just("startsWith"), Just("endsWith"), Just("contains")], text.clone())
            .prop_map(|(a, test, b)| format!("{a}.{test}({b})")),
        text.clone().prop_map(|text| format!("x.words.exists(w, w == {text})")),
        text.clone().prop_map(|text| format!("x.words.all(w, w != {text} || x.a)")),
        text.prop_map(|text| format!("({text} in x.members.map(m, m.name))")),
        Just("x.members.exists(m, m.good && is_set(m.limit) && m.limit > 1)".to_owned()),
        Just("x.members.all(m, m.good || !is_set(m.limit))".to_owned()),
        Just("x.members.filter(m, m.good).all(m, m.name == 'one')".to_owned()),
        Just("(x.words == ['CHOWN', 'KILL'])".to_owned()),
        Just("(x.members.map(m, m.name) == ['one'])".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| {
                // A name that no inner expression has: they are all shorter.
                let outer = format!("outer{}", a.len());
                format!("x.members.exists({outer}, {outer}.good && {a})")
            }),
        ]
    })
}

fn some_member() -> impl Strategy<Value = Value> {
    let name = prop_oneof![Just("one"), Just("hello"), Just("KILL")];
    (name, any::<bool>(), prop_oneof![Just(Value::Absent), (0..9i64).prop_map(Value::Int)])
        .prop_map(|(name, good, limit)| member(name, Value::Bool(good), limit))
}

fn some_world() -> impl Strategy<Value = Vec<Value>> {
    let word = || prop_oneof![Just("KILL"), Just("CHOWN"), Just("hello")].prop_map(Value::text);
    let limit = prop_oneof![Just(Value::Absent), (0..9i64).prop_map(Value::Int)];
    let members = proptest::collection::vec(some_member(), 0..3).prop_map(Value::list);
    let inner = prop_oneof![Just(Value::Absent), some_member()];
    (any::<bool>(), any::<bool>(), 0..9i64, limit, word(), proptest::collection::vec(word(), 0..3).prop_map(Value::list), members, inner)
        .prop_map(|(a, b, n, limit, text, words, members, inner)| {
            vec![Value::Bool(a), Value::Bool(b), Value::Int(n), limit, text, words, members, inner]
        })
}

/// Every way to replace one value of the tree by `Unknown`: fields, lists, members of lists, fields of members.
fn with_one_unknown(value: &Value) -> Vec<Value> {
    let mut ways = vec![unknown()];
    match value {
        Value::List(members) => {
            for (index, member) in members.iter().enumerate() {
                for way in with_one_unknown(member) {
                    let mut changed = members.to_vec();
                    changed[index] = way;
                    ways.push(Value::list(changed));
                }
            }
        }
        Value::Record(of) => {
            for (index, field) in of.fields.iter().enumerate() {
                for way in with_one_unknown(field) {
                    let mut changed = of.fields.clone();
                    changed[index] = way;
                    ways.push(record(of.schema, changed));
                }
            }
        }
        _ => {}
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The law: Unknown may turn an answer into Unknown, and never into the other answer. And what is known has an answer.
    #[test]
    fn unknown_never_turns_one_answer_into_the_other(source in condition(), world in some_world()) {
        let expression = compile(&source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let whole = record(schema(), world);
        let answer = expression.evaluate(std::slice::from_ref(&whole)).value;
        prop_assert!(answer.as_bool().is_some(), "{source} gives {answer:?} although all is known");
        for seen in with_one_unknown(&whole) {
            let now = expression.evaluate(std::slice::from_ref(&seen)).value;
            prop_assert!(now == answer || matches!(now, Value::Unknown(_)), "{source}: {answer:?} became {now:?}");
            // Two unknowns: the law holds step by step.
            for seen in with_one_unknown(&seen).into_iter().step_by(5) {
                let then = expression.evaluate(&[seen]).value;
                prop_assert!(then == now || matches!(then, Value::Unknown(_)), "{source}: {now:?} became {then:?}");
            }
        }
    }

    /// No text makes the parser or the checker panic.
    #[test]
    fn nothing_panics(source in "[a-z.()&|!='\"<>+ ?:0-9\\[\\]{},é\n-]{0,60}") {
        if let Err(error) = compile(&source) {
            prop_assert!(error.offset <= source.len() && source.is_char_boundary(error.offset), "{}", error.offset);
        }
    }
}

/// The parts of an expression, `depth text = value` a line.
fn trace(source: &str, x: Value) -> String {
    let steps = compile(source).unwrap().trace(&[x]);
    steps.iter().map(|step| format!("{}{} = {}\n", "  ".repeat(step.depth), step.text, step.value)).collect()
}

#[test]
fn a_trace_shows_each_part_with_its_value() {
    let x = || {
        record(
            schema(),
            vec![
                Value::Bool(true),
                unknown(),
                Value::Int(3),
                Value::Absent,
                Value::text("a && b"),
                Value::list([Value::text("y")]),
                Value::list([member("m", Value::Bool(false), Value::Absent)]),
                Value::Absent,
            ],
        )
    };
    assert_eq!(trace("x.a", x()), "x.a = true\n");
    assert_eq!(
        trace("!(x.a && (x.n > 2 || x.b)) || x.text == \"a && b\"", x()),
        "!(x.a && (x.n > 2 || x.b)) || x.text == \"a && b\" = true\n  \
           !(x.a && (x.n > 2 || x.b)) = false\n    \
             x.a && (x.n > 2 || x.b) = true\n      \
               x.a = true\n      \
               x.n > 2 || x.b = true\n        \
                 x.n > 2 = true\n          \
                   x.n = 3\n        \
                 x.b = not seen\n  \
           x.text == \"a && b\" = true\n    \
             x.text = a && b\n"
    );
    // Guards stay where they stand: each part is evaluated as a part.
    assert_eq!(
        trace("is_set(x.limit) && x.limit > 1 && x.members.all(m, m.good && m.name != \"(\")", x()),
        "is_set(x.limit) && x.limit > 1 && x.members.all(m, m.good && m.name != \"(\") = false\n  \
           is_set(x.limit) = false\n    \
             x.limit = not set\n  \
           x.limit > 1 = not seen\n  \
           x.members.all(m, m.good && m.name != \"(\") = false\n    \
             x.members = Member\n"
    );
}

#[test]
fn every_expression_of_the_catalogue_has_a_trace_of_all_its_parts() {
    let catalogue = crate::Catalogue::load().unwrap();
    for check in catalogue.checks.values() {
        let crate::Question::Predicate(pass) = &check.question else { continue };
        let values = vec![unknown(); crate::view::variables(check.subject).len()];
        let steps = pass.trace(&values);
        let parts = steps.iter().filter(|step| step.depth == 1).count();
        assert_eq!(steps[0].text, pass.source().split_whitespace().collect::<Vec<_>>().join(" "), "{}", check.id);
        match &pass.node {
            Node::And(..) | Node::Or(..) => assert!(parts > 1 && steps[1].text.len() < steps[0].text.len(), "{}: {steps:?}", check.id),
            _ => {}
        }
    }
}
