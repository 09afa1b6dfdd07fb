// Part of index.html.j2: a page without its kernel has dead sliders; it says so, and what is in the way.
{
  const ASK_MS = 15000;
  const AGAIN_MS = 5000;
  const LONG_MS = 90000;
  const page = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const gone = document.getElementById("tdl-gone");
  const opened = performance.now();
  let timer = 0;
  let unconnected = 0;

  const say = (text) => {
    if (gone.firstElementChild.textContent !== text) gone.firstElementChild.textContent = text;
    gone.hidden = !text;
  };

  const loading = () =>
    [...document.querySelectorAll(".jp-OutputArea-output")].some(
      (output) => output.textContent === "Loading widget...",
    );

  // What the server knows of the kernel of this page, in words; nothing if all is well.
  const trouble = ({ connections }) => {
    unconnected = connections ? 0 : unconnected + 1;
    // A page that has just come back from another network takes a moment to connect.
    if (unconnected > 1)
      return "This page reaches its server but has no connection to its kernel. A proxy or a filter on the way may not let WebSockets through: try another network, or ask whoever runs this one.";
    if (loading() && performance.now() - opened > LONG_MS)
      return "The labs of this page take unusually long. They may still come; if not, load the page again.";
    return "";
  };

  const ask = async () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
    if (document.hidden) return;
    try {
      // A hub answers only those who show the token of its cookie, also where nothing is changed.
      const token = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
      const headers = token ? { "X-XSRFToken": token } : {};
      const answer = await fetch(`${page.baseUrl}api/kernels/${page.kernelId}`, { cache: "no-store", headers });
      if (answer.status === 404) {
        say("This page has given its seat back: nobody used it for long, or its training ended unexpectedly.");
        document.dispatchEvent(new Event("tdl-kernel-gone"));
        clearTimeout(timer);
        return;
      }
      if (answer.ok) say(trouble(await answer.json()));
      if (unconnected === 1) {
        clearTimeout(timer);
        timer = setTimeout(ask, AGAIN_MS);
      }
    } catch {
      say(
        "The server does not answer. What you see stays, and the page goes on by itself once the server is there again.",
      );
    }
  };

  timer = setTimeout(ask, ASK_MS);
  document.addEventListener("visibilitychange", ask);
  gone.querySelector("button").addEventListener("click", () => location.reload());
  // A browser that shows the old page on the way back shows it without its kernel.
  window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
