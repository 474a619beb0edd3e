// Theme, keyboard, copying and relative times. Loaded before the first paint; everything is delegated, so that it works on whatever Blazor draws.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem('flagstone-theme'); } catch { return null; } };
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => { root.dataset.theme = read() ?? (system.matches ? 'dark' : 'light'); };
  apply();
  system.addEventListener('change', apply);

  const toggle = () => {
    const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('flagstone-theme', next); } catch { /* The choice lasts as long as the page. */ }
    root.dataset.theme = next;
  };

  const copy = async (button) => {
    const label = button.querySelector('[data-copy-label]');
    const before = button.dataset.label ??= label.textContent;
    let said = 'Copied';
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { said = 'Copying is blocked'; }
    say(said);
    label.textContent = said;
    setTimeout(() => { label.textContent = before; }, 1500);
  };

  // One polite region for what scripts have to say.
  const say = (text) => {
    let region = document.getElementById('fs-said');
    if (!region) {
      region = Object.assign(document.createElement('div'), { id: 'fs-said', className: 'fs-sr' });
      region.setAttribute('role', 'status');
      document.body.append(region);
    }
    region.textContent = text;
  };

  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-copy]');
    if (button) { copy(button); return; }
    if (e.target.closest('[data-theme-toggle]')) { toggle(); return; }
    if (e.target.closest('.fs-skip')) { e.preventDefault(); document.getElementById('main')?.focus(); return; }
    for (const menu of document.querySelectorAll('details[data-menu][open]')) {
      if (!menu.contains(e.target)) { menu.open = false; }
    }
  });

  // A choice in a filter applies at once; the button is for those without scripts.
  document.addEventListener('change', (e) => {
    const form = e.target.closest('form[data-filter]');
    if (form && e.target.matches('select')) { submit(form); }
  });

  // A form with method get becomes an address, so that the router takes it without loading the document.
  const submit = (form) => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, v]) => v !== ''));
    const path = new URL(form.action).pathname;
    const target = query.size > 0 ? `${path}?${query}` : path;
    if (window.Blazor?.navigateTo) { window.Blazor.navigateTo(target); } else { location.assign(target); }
  };
  document.addEventListener('submit', (e) => {
    if (e.target.matches('form[role=search][method=get]')) { e.preventDefault(); submit(e.target); }
  });

  let pending = '';
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) { return; }
    if (e.key === 'Escape') {
      const menu = document.querySelector('details[data-menu][open]');
      if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
      return;
    }
    if (e.target.closest('input, textarea, select, [contenteditable=true]')) { return; }
    if (pending === 'g') {
      pending = '';
      const link = document.querySelector(`[data-go="${CSS.escape(e.key)}"]`);
      if (link) { e.preventDefault(); link.click(); }
      return;
    }
    if (e.key === 'g') { pending = 'g'; setTimeout(() => { pending = ''; }, 1000); return; }
    if (e.key === '/') {
      const search = document.querySelector('[data-search=page]') ?? document.querySelector('[data-search]');
      if (search) { e.preventDefault(); search.focus(); search.select(); }
    }
  });

  // As Durations.Ago writes it.
  const ago = (ms) => {
    const s = ms / 1000;
    if (s < 5) { return 'just now'; }
    if (s < 60) { return `${Math.floor(s)} s ago`; }
    if (s < 3600) { return `${Math.floor(s / 60)} min ago`; }
    if (s < 86400) { return `${Math.floor(s / 3600)} h ago`; }
    const days = Math.floor(s / 86400);
    return days === 1 ? '1 day ago' : `${days} days ago`;
  };
  setInterval(() => {
    for (const time of document.querySelectorAll('time[data-ago]')) {
      // The text node is changed in place: Blazor keeps hold of it.
      if (time.firstChild) { time.firstChild.nodeValue = ago(Date.now() - Date.parse(time.dateTime)); }
    }
  }, 1000);

  // A circuit that the server no longer has cannot be resumed: load the page again.
  document.addEventListener('components-reconnect-state-changed', (e) => {
    if (e.detail?.state === 'rejected') { location.reload(); }
  });
})();
