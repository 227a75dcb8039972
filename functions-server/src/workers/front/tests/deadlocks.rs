//! Workers that wait for each other.

use super::*;

/// Lets workers run these at the same time. What they call waits until they have called, too. Returns the answers.
async fn begin(
    host: &Arc<Host>,
    component: &str,
    calls: Vec<(&'static str, WorkerInvocation)>,
) -> Vec<String> {
    for (worker, _) in &calls {
        let sleep = invocation("sleep", "[150]", None);
        host.workers.invoke(component, worker, sleep).await.unwrap();
    }
    let calls = calls.into_iter().map(|(worker, call)| {
        let (host, component) = (host.clone(), component.to_owned());
        tokio::spawn(async move { host.call(&component, worker, call).await.unwrap() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let answer = tokio::time::timeout(Duration::from_secs(20), call).await;
        answers.push(answer.unwrap().unwrap());
    }
    answers
}

/// As [`begin`], with the parameters of `call`.
async fn ring(host: &Arc<Host>, component: &str, calls: &[(&'static str, String)]) -> Vec<String> {
    let calls = calls.iter();
    let calls = calls.map(|(worker, params)| (*worker, invocation("call", params, None)));
    begin(host, component, calls.collect()).await
}

fn failed(answers: &[String]) -> usize {
    let failed = answers
        .iter()
        .filter(|answer| answer.contains("508") && answer.contains("wait for each other"));
    failed.count()
}

async fn total(host: &Host, component: &str, worker: &str) -> String {
    let total = invocation("total", "[]", None);
    host.call(component, worker, total).await.unwrap()
}

/// Of two workers that call each other, one call fails at once, and never runs. The other is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_crossed_calls_fails() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let mut done = 0;
    for _ in 0..10 {
        let calls = [
            ("x", call_of(&component, "y", "add", "[1]")),
            ("y", call_of(&component, "x", "add", "[1]")),
        ];
        let answers = ring(&host, &component, &calls).await;
        assert_eq!(failed(&answers), 1, "{answers:?}");
        let ok = answers.iter().filter(|answer| answer.contains("200 ["));
        assert_eq!(ok.count(), 1, "{answers:?}");
        done += 1;
    }
    let totals = [
        total(&host, &component, "x").await,
        total(&host, &component, "y").await,
    ];
    let totals = totals.map(|total| total.trim_matches(['[', ']']).parse::<u32>().unwrap());
    assert_eq!(totals.iter().sum::<u32>(), done, "{totals:?}");
}

/// Crossed calls that meet by chance all end soon, and each has run or failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crossed_calls_end() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let mut failures = 0;
    let mut answers = 0;
    for round in 0..100 {
        let pair = [format!("x{}", round % 5), format!("y{}", round % 5)];
        let calls = [(0, 1), (1, 0)].map(|(from, to)| {
            let params = call_of(&component, &pair[to], "add", "[1]");
            let (host, component, from) = (host.clone(), component.clone(), pair[from].clone());
            let call = invocation("call", &params, None);
            tokio::spawn(async move { host.call(&component, &from, call).await.unwrap() })
        });
        for call in calls {
            let answer = tokio::time::timeout(Duration::from_secs(20), call).await;
            let answer = answer.unwrap().unwrap();
            failures += failed(std::slice::from_ref(&answer));
            answers += usize::from(answer.contains("200 ["));
        }
    }
    assert_eq!(failures + answers, 200);
    let mut sum = 0;
    for pair in 0..5 {
        for worker in [format!("x{pair}"), format!("y{pair}")] {
            let total = total(&host, &component, &worker).await;
            sum += total.trim_matches(['[', ']']).parse::<usize>().unwrap();
        }
    }
    assert_eq!(sum, answers);
}

/// A ring of three is found too, also if one of them calls the next by way of a function. What was answered comes
/// back from the journal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_of_a_ring_fails() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
        let component = host.upload().await;
        let target = format!("worker:{component}/z");
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("of", &target)
            .append_pair("path", "/test:worker%2Fapi.%7Badd%7D")
            .finish();
        let by_function =
            |how: &str| serde_json::json!(["caller", format!("/{how}?{query}"), "[1]"]).to_string();
        let straight = call_of(&component, "z", "add", "[1]");
        for through in [straight, by_function("call-wait"), by_function("send")] {
            let calls = [
                ("x", call_of(&component, "y", "add", "[1]")),
                ("y", through),
                ("z", call_of(&component, "x", "add", "[1]")),
            ];
            let answers = ring(&host, &component, &calls).await;
            assert_eq!(failed(&answers), 1, "{answers:?}");
        }
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    let mut sum = 0;
    for worker in ["x", "y", "z"] {
        let total = total(&host, &component, worker).await;
        sum += total.trim_matches(['[', ']']).parse::<u32>().unwrap();
    }
    assert_eq!(sum, 6);
}

/// A worker that waits for one of two calls continues with the other. Only if neither can be answered, one call fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_with_another_call_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let to_x = call_of(&component, "x", "add", "[1]");
    for (z_calls_x, fails) in [(false, 0), (true, 1)] {
        let first_of = ["y", "z"].map(|worker| -> serde_json::Value {
            serde_json::from_str(&call_of(&component, worker, "add", "[1]")).unwrap()
        });
        let first_of = serde_json::json!([first_of]).to_string();
        let mut calls = vec![
            ("x", invocation("first-of", &first_of, None)),
            ("y", invocation("call", &to_x, None)),
        ];
        calls.push((
            "z",
            match z_calls_x {
                true => invocation("call", &to_x, None),
                false => invocation("sleep", "[600]", None),
            },
        ));
        let answers = begin(&host, &component, calls).await;
        assert_eq!(failed(&answers), fails, "{answers:?}");
    }
}
