// Follows a run: how many tubes are done, how fast, what failed; the page is loaded anew when it ends.

const PAUSE = 1000;
const byId = (id) => document.getElementById(id);
const GOES_ON = ["running", "stopping"];

function paceWords(job) {
  const parts = [job.total ? `${job.stage}: ${job.done} of ${job.total} tubes` : job.stage];
  if (job.rate) parts.push(`${job.rate.toFixed(1)} tubes a minute`);
  if (job.left) parts.push(`about ${Math.round(job.left)} s left`);
  return parts.join(", ");
}

async function look() {
  if (!GOES_ON.includes(byId("job").dataset.state)) return;
  const answer = await fetch("/api/job");
  if (!answer.ok) return;
  const job = await answer.json();
  if (!GOES_ON.includes(job.state)) {
    location.reload();
    return;
  }
  byId("pace").textContent = paceWords(job);
  byId("bar").max = job.total || 1;
  byId("bar").value = job.done;
  byId("failures-title").hidden = !job.failures.length;
  byId("failures").replaceChildren(...job.failures.map((one) => {
    const line = document.createElement("li");
    line.textContent = `${one.sample_id}: ${one.why}`;
    return line;
  }));
}

/** One look after the other: a program that hangs is asked once, and watch.js says that it does not answer. */
async function follow() {
  await look().catch(() => {});
  setTimeout(follow, PAUSE);
}

follow();
