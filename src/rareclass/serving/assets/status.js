(() => {
  const every = 5000, stale = document.getElementById('stale');
  let answered = Date.now();
  // A part that holds the focus or the selection is left as it is, until the reader moves on.
  const busy = part => part.contains(document.activeElement) ||
    (getSelection().type === 'Range' && getSelection().containsNode(part, true));
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const reply = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(every) });
      if (!reply.ok) throw new Error(reply.status);
      const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
      for (const part of document.querySelectorAll('[data-live]')) {
        const now = page.getElementById(part.id);
        if (now && now.innerHTML !== part.innerHTML && !busy(part)) part.replaceChildren(...now.childNodes);
      }
      answered = Date.now();
      if (stale.textContent) stale.textContent = '';
    } catch {
      const said = 'No answer for ' + Math.round((Date.now() - answered) / 60000) + ' min';
      if (Date.now() - answered > 2 * every && stale.textContent !== said) stale.textContent = said;
    }
  };
  setInterval(refresh, every);
  document.addEventListener('visibilitychange', refresh);
})();
