/// How the page looks: one style sheet for light and dark screens, narrow ones and paper.
enum HTMLStyle {
  /// The whole sheet.
  static let css: HTML = "\(colours)\(page)\(tables)\(HTMLParts.css)\(media)"

  /// Blue and orange stay apart for every kind of colour vision; text on each step keeps a contrast of 4.5 or
  /// more.
  private static let colours: HTML = """
    :root {
      color-scheme: light dark;
      --page: #ffffff; --panel: #f6f7f8; --ink: #1d2125; --muted: #4e565e; --line: #d5d9dd; --link: #0b5f6b;
      --fill: #2f7f8c; --track: #e2e6e9; --chance: #1d2125; --note: #f1f6f7;
      --p1: #fdf0e2; --p2: #fbdfc2; --p3: #f6c48f; --p4: #eda04f; --p5: #b2590a; --p6: #8a4300;
      --n1: #e6eff9; --n2: #cfe1f4; --n3: #a5c8ec; --n4: #74a9de; --n5: #2a6cb0; --n6: #174c85;
      --strong: #ffffff;
      --high: #a3183a; --medium: #8a4300; --low: #1f5a94; --info: #5a636b; --badge: #ffffff;
      --unet: #0b5f6b; --te1: #b2590a; --te2: #7a3fa0;
    }

    """

  private static let dark: HTML = """
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --page: #16191c; --panel: #1e2226; --ink: #e8eaec; --muted: #a8b0b8; --line: #3a4148; --link: #7fd0dc;
        --fill: #3f9aa8; --track: #31383e; --chance: #ffffff; --note: #1b2529;
        --p1: #2e2620; --p2: #43321f; --p3: #614018; --p4: #86520f; --p5: #e08c2e; --p6: #ffb868;
        --n1: #1c2733; --n2: #1d3349; --n3: #1e4568; --n4: #23588c; --n5: #6aaae6; --n6: #a3d0fb;
        --strong: #101214;
        --high: #ff9fb0; --medium: #ffb868; --low: #9ccbf7; --info: #b9c1c8; --badge: #101214;
        --unet: #7fd0dc; --te1: #ffb868; --te2: #d3a6f2;
      }
    }

    """

  private static let page: HTML = """
    \(dark)
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
    body {
      margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 74rem;
      background: var(--page); color: var(--ink);
      font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
      overflow-wrap: break-word;
    }
    h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
    h1 { font-size: 2rem; margin: 0.1rem 0 0.4rem; overflow-wrap: anywhere; }
    h2 {
      font-size: 1.4rem; margin: 3rem 0 0.6rem; padding-bottom: 0.3rem; border-bottom: 2px solid var(--line);
    }
    h3 { font-size: 1.08rem; margin: 1.6rem 0 0.5rem; }
    p { margin: 0.5rem 0 0.9rem; max-width: 48rem; text-wrap: pretty; }
    a { color: var(--link); text-underline-offset: 0.15em; }
    code {
      font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
      background: var(--panel); border-radius: 3px; padding: 0.08em 0.3em; overflow-wrap: anywhere;
    }
    sub { line-height: 0; }
    figure { margin: 1rem 0 2rem; }
    figure img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 4px; }
    figcaption { margin-top: 0.4rem; color: var(--muted); max-width: 48rem; }
    .kicker { margin: 0; color: var(--muted); font-size: 0.9rem; letter-spacing: 0.02em; }
    .summary { color: var(--muted); margin-bottom: 1rem; }
    nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; font-size: 0.95rem; }
    .small { font-size: 0.88rem; color: var(--muted); }
    .note {
      max-width: none; background: var(--note); border-left: 4px solid var(--fill);
      border-radius: 0 6px 6px 0;
      padding: 0.8rem 1rem; margin: 1rem 0 1.4rem;
    }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    summary { cursor: pointer; }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }

    """

  private static let tables: HTML = """
    .scroll { overflow-x: auto; margin: 0.9rem 0; position: relative; }
    table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: 0 0 0.4rem; color: var(--muted); }
    caption div { max-width: calc(100vw - 4rem); }
    caption strong { color: var(--ink); }
    .matrix caption strong, .heat caption strong { display: block; }
    th, td {
      padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap;
    }
    thead th, thead td { vertical-align: bottom; color: var(--muted); font-weight: 600; }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    tbody th { font-weight: 500; }
    td.wide { width: 40%; min-width: 7rem; }
    th.layer { white-space: normal; min-width: 14rem; overflow-wrap: anywhere; }
    abbr { text-decoration: none; cursor: help; }
    .matrix th, .matrix td, .heat th, .heat td { border: 1px solid var(--page); }
    .matrix td, .heat td, .heat thead th, .matrix thead th { text-align: center; }
    .matrix td { padding: 0; min-width: 3.8rem; line-height: 1.2; }
    .matrix tbody td { height: 3.1rem; }
    .matrix td a { display: block; padding: 0.45rem 0.3rem; color: inherit; text-decoration: none; }
    .matrix td a:hover, .matrix td a:focus-visible { text-decoration: underline; }
    .matrix small { display: block; font-size: 0.78rem; }
    .matrix tbody th { white-space: normal; max-width: 11rem; overflow-wrap: anywhere; line-height: 1.25; }
    .matrix .own { color: var(--muted); background: var(--panel); }
    .index { color: var(--muted); font-weight: 400; margin-right: 0.15rem; }
    .heat td { padding: 0.28rem 0.3rem; min-width: 3.1rem; font-size: 0.85rem; }
    .heat thead th { padding-left: 0.1rem; padding-right: 0.1rem; }
    .heat tbody th {
      padding: 0.28rem 0.6rem 0.28rem 0; position: sticky; left: 0; background: var(--page); z-index: 1;
    }
    .s0 { background: var(--panel); }
    .p1 { background: var(--p1); } .p2 { background: var(--p2); } .p3 { background: var(--p3); }
    .p4 { background: var(--p4); } .n1 { background: var(--n1); } .n2 { background: var(--n2); }
    .n3 { background: var(--n3); } .n4 { background: var(--n4); }
    .p5 { background: var(--p5); color: var(--strong); } .p6 { background: var(--p6); color: var(--strong); }
    .n5 { background: var(--n5); color: var(--strong); } .n6 { background: var(--n6); color: var(--strong); }
    .legend {
      display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; font-size: 0.84rem; color: var(--muted);
      margin: 0.6rem 0;
    }
    .legend > span:last-child { flex: 1 1 20rem; max-width: 44rem; }
    .keys { display: inline-flex; flex-wrap: wrap; align-self: flex-start; }
    .keys > span { display: inline-flex; }
    .key {
      padding: 0.15rem 0.3rem; min-width: 2.3rem; text-align: center; font-variant-numeric: tabular-nums;
      color: var(--ink);
    }
    .key.p5, .key.p6, .key.n5, .key.n6 { color: var(--strong); }

    """

  private static let media: HTML = """
    @media (max-width: 40rem) {
      body { padding: 1.25rem 0.9rem 3rem; }
      h1 { font-size: 1.55rem; }
      h2 { margin-top: 2.2rem; }
      th, td { padding: 0.28rem 0.4rem; }
      .matrix td { min-width: 3.7rem; }
      .matrix tbody th { min-width: 4rem; max-width: 7rem; }
      td.wide { min-width: 5rem; }
      table { font-size: 0.84rem; }
      thead th { white-space: normal; }
      .body td small { display: block; }
      th.layer { min-width: 9rem; }
    }
    @media print {
      :root { color-scheme: light; }
      html { font-size: 10pt; }
      body { max-width: none; padding: 0; }
      nav { display: none; }
      a { color: inherit; text-decoration: none; }
      h2, h3, caption { break-after: avoid; }
      tr, .finding, figure, .note { break-inside: avoid; }
      .scroll { overflow: visible; }
      td, th, .key, .badge, svg, .note { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
    }
    """
}
