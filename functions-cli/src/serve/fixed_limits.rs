//! Compares the limits that no option sets with the constants of the code.

use std::path::Path;

use super::limits_table::rows;

type Operator = fn(u64, u64) -> u64;

/// What a row without an option is compared with.
struct Fixed {
    /// How the row starts.
    start: &'static str,
    /// The values of its constants; `None` if the row is not compared.
    values: Option<Vec<u64>>,
}

/// The lines of `fixed_limits.txt`.
fn fixed() -> Vec<Fixed> {
    let lines = include_str!("fixed_limits.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let fixed = lines.map(|line| {
        let (start, places) = line.split_once(" | ").unwrap();
        let values = (places != "-").then(|| places.split("; ").flat_map(values).collect());
        Fixed { start, values }
    });
    fixed.collect()
}

/// The values of `FILE: EXPRESSION, EXPRESSION`.
fn values(place: &str) -> Vec<u64> {
    let (file, expressions) = place.split_once(": ").unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = std::fs::read_to_string(workspace.join(file));
    let source = source.unwrap_or_else(|why| panic!("{file}: {why}"));
    let expressions = expressions.split(", ");
    let values = expressions.map(|expression| {
        let value = value(expression, &source);
        value.unwrap_or_else(|| panic!("{file} has no value for {expression}"))
    });
    values.collect()
}

/// The value of an expression in a source text. Times are in milliseconds.
fn value(expression: &str, source: &str) -> Option<u64> {
    for (unit, milliseconds) in [("from_secs(", 1000), ("from_millis(", 1)] {
        if let Some((_, time)) = expression.split_once(unit) {
            return Some(value(time.strip_suffix(')')?, source)? * milliseconds);
        }
    }
    // Those that bind less come first.
    let operators: [(_, Operator); 5] = [
        (" << ", |left, right| left << right),
        (" + ", |left, right| left + right),
        (" - ", |left, right| left - right),
        (" * ", |left, right| left * right),
        (" / ", |left, right| left / right),
    ];
    for (operator, apply) in operators {
        if let Some((left, right)) = expression.rsplit_once(operator) {
            return Some(apply(value(left, source)?, value(right, source)?));
        }
    }
    let number = expression.replace('_', "").parse().ok();
    number.or_else(|| value(definition(expression, source)?, source))
}

/// The expression of a constant, or else of a field's default.
fn definition<'a>(name: &str, source: &'a str) -> Option<&'a str> {
    let constant = source.split(&format!("const {name}: ")).nth(1);
    if let Some((_, rest)) = constant.and_then(|rest| rest.split_once(" = ")) {
        return rest.split(';').next();
    }
    let fields = source.lines().filter_map(|line| {
        let field = line.trim().strip_prefix(name)?.strip_prefix(": ")?;
        field.strip_suffix(',')
    });
    fields
        .into_iter()
        .find(|field| field.contains(char::is_numeric))
}

/// The numbers of a cell such as `1000, 256 KiB in all`, as [`value`] has them.
fn numbers(cell: &str) -> Vec<u64> {
    let words = cell.split(' ');
    let words: Vec<_> = words
        .map(|word| word.trim_end_matches([',', ';']))
        .collect();
    let units = words.iter().skip(1).chain([&""]);
    let numbers = words.iter().zip(units).filter_map(|(word, unit)| {
        let number: u64 = word.replace(',', "").parse().ok()?;
        let factor = match *unit {
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "MB" => 1_000_000,
            "s" => 1000,
            "min" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            _ => 1,
        };
        Some(number * factor)
    });
    numbers.collect()
}

/// Each row without an option has a line in `fixed_limits.txt`, and the numbers that the line leads to.
#[test]
fn rows_without_an_option_match_the_constants() {
    let rows = rows();
    let rows: Vec<_> = rows.iter().filter(|row| row.option().is_none()).collect();
    let fixed = fixed();
    for (row, fixed) in rows.iter().zip(&fixed) {
        let (limit, default) = (&row.limit, &row.default);
        assert!(
            limit.starts_with(fixed.start),
            "docs/limits.md has {limit:?}, and fixed_limits.txt {:?}: add a line for a new row",
            fixed.start
        );
        if let Some(values) = &fixed.values {
            assert_eq!(&numbers(default), values, "{limit}: {default}");
        }
    }
    assert_eq!(
        rows.len(),
        fixed.len(),
        "rows, and lines of fixed_limits.txt"
    );
}

/// Expressions and cells are read as they are meant.
#[test]
fn numbers_are_read() {
    let source = "const A: u64 = 3 << 10;\nconst B: Duration = Duration::from_secs(2 * 60);\n\
                  pub c: u32,\n c: Duration::from_millis(5),";
    for (expression, expected) in [
        ("2 * A", 6 << 10),
        ("B", 120_000),
        ("c", 5),
        ("9 - 1_0 / 2", 4),
    ] {
        assert_eq!(value(expression, source), Some(expected), "{expression}");
    }
    assert_eq!(value("D", source), None);
    assert_eq!(
        numbers("about 1,000, 3 KiB; 2 min to 5 ms"),
        [1000, 3072, 120_000, 5]
    );
}
