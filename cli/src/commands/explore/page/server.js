// Asking the server. Only the latest question matters: one is in flight, one may wait.

export class Refused extends Error {
  constructor(problems) {
    super(problems.map((p) => `${p.key}: ${p.sentence}`).join("\n"));
    this.problems = problems;
  }
}

async function answered(response) {
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Refused(answer.problems ?? [{ key: "top level", sentence: answer.error }]);
}

async function reach(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused([{ key: "top level", sentence: "the program does not answer; is linear-width explore still running?" }]);
  }
  return answered(response);
}

export const get = (path) => reach(path, {});

export const post = (path, question, signal) =>
  reach(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal,
  });

// Sends questions one after the other and drops those that a later one supersedes.
export class Latest {
  #path;
  #waiting = null;
  #inFlight = null;
  #page = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  #number = 0;

  constructor(path) {
    this.#path = path;
  }

  // `take(answer, error)` is called, unless a later question comes first. A question that is not
  // `urgent` is given up for one that is.
  ask(question, urgent, take) {
    this.#number += 1;
    const ticket = { page: this.#page, number: this.#number };
    this.#waiting = { question: { ...question, ticket }, urgent, take };
    if (this.#inFlight === null) this.#next();
    else if (urgent && !this.#inFlight.urgent) this.#inFlight.abort.abort();
  }

  async #next() {
    while (this.#waiting !== null) {
      const { question, urgent, take } = this.#waiting;
      const abort = new AbortController();
      this.#waiting = null;
      this.#inFlight = { urgent, abort };
      let answer = null;
      let problem = null;
      try {
        answer = await post(this.#path, question, abort.signal);
      } catch (error) {
        problem = error;
      }
      this.#inFlight = null;
      // drafts are shown even when the next is asked already, so that the picture moves
      if (!abort.signal.aborted && (urgent || this.#waiting === null)) {
        try {
          take(answer, problem);
        } catch (error) {
          // the next question is asked all the same
          reportError(error);
        }
      }
    }
  }
}
