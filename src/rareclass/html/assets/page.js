(() => {
  const root = document.documentElement, button = document.getElementById('theme');
  const themes = ['auto', 'dark', 'light'];
  let theme = 'auto';
  try { theme = localStorage.getItem('rareclass-theme') || 'auto'; } catch { /* files opened from disk may have no storage */ }
  const apply = () => {
    if (theme === 'auto') delete root.dataset.theme; else root.dataset.theme = theme;
    button.textContent = 'Theme: ' + theme;
  };
  if (!themes.includes(theme)) theme = 'auto';
  button.hidden = false;
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem('rareclass-theme', theme); } catch { /* as above */ }
    apply();
  });
  apply();

  for (const probe of document.querySelectorAll('.probe')) {
    const svg = probe.ownerSVGElement, canvas = svg.parentElement, box = svg.viewBox.baseVal;
    const points = probe.dataset.points.split(';').map(p => { const [x, y, ...t] = p.split(','); return [+x, +y, t.join(',')]; });
    const cursor = document.createElementNS(svg.namespaceURI, 'circle'), tip = document.createElement('div');
    cursor.setAttribute('class', 'cursor'); cursor.setAttribute('r', 5);
    tip.className = 'tip';
    svg.querySelectorAll('title').forEach(t => t.remove()); // the tip says the same, at once
    const hide = () => { cursor.remove(); tip.remove(); };
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('pointermove', event => {
      const frame = svg.getBoundingClientRect(), scale = frame.width / box.width;
      const x = (event.clientX - frame.left) / scale, y = (event.clientY - frame.top) / scale;
      const gap = p => Math.abs(p[0] - x) + 0.15 * Math.abs(p[1] - y);
      const best = points.reduce((a, b) => gap(b) < gap(a) ? b : a);
      cursor.setAttribute('cx', best[0]); cursor.setAttribute('cy', best[1]);
      tip.textContent = best[2];
      if (!cursor.isConnected) { svg.append(cursor); canvas.append(tip); }
      const half = tip.offsetWidth / 2;
      tip.style.left = Math.min(Math.max(best[0] * scale, half), frame.width - half) + 'px';
      tip.style.top = best[1] * scale + 'px';
    });
  }

  if (navigator.clipboard) for (const pre of document.querySelectorAll('.commands pre')) {
    const copy = document.createElement('button');
    copy.type = 'button'; copy.textContent = 'Copy';
    copy.addEventListener('click', async () => {
      await navigator.clipboard.writeText(pre.querySelector('code').textContent);
      copy.textContent = 'Copied'; setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
    });
    pre.append(copy);
  }
  window.addEventListener('beforeprint', () => document.querySelectorAll('details:not(.numbers)').forEach(d => { d.open = true; }));
})();
