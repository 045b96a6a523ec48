//! JSON for `strategy.matrix` of a GitHub workflow, through `fromJSON`.

use anyhow::Result;
use serde_json::json;

use super::Job;

/// `{"include": [{"shard": "1/4", "index": 1, "of": 4, "predicted_s": 300, "timeout_minutes": 60, "args": […]}]}`,
/// in one line, since that is what a step output holds.
pub(super) fn render(job: &Job) -> Result<String> {
    let minutes = job.limit.as_secs().div_ceil(60);
    let include: Vec<_> = job
        .parts()
        .map(|(part, predicted_s)| {
            json!({
                "shard": part.to_string(),
                "index": part.index,
                "of": part.of,
                "predicted_s": predicted_s,
                "timeout_minutes": minutes,
                "args": job.words.of(part),
            })
        })
        .collect();
    Ok(serde_json::to_string(&json!({ "include": include }))? + "\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NASTY, job};
    use super::*;

    #[test]
    fn a_matrix_has_a_job_for_each_shard_with_its_words() {
        let text = render(&job()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let matrix: serde_json::Value = serde_json::from_str(&text).unwrap();
        let jobs = matrix["include"].as_array().unwrap();
        assert_eq!(jobs.len(), 2);
        assert_eq!(jobs[1]["shard"], "2/2");
        assert_eq!(jobs[1]["predicted_s"], 90);
        assert_eq!(jobs[1]["timeout_minutes"], 61);
        assert_eq!(jobs[0]["args"][3], format!("x.y={}", NASTY[1]));
    }
}
