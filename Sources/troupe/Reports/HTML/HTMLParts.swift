/// The looks of the page's larger pieces: findings, matrices, pairs, LoRAs, recipes, glossary.
enum HTMLParts {
  /// That part of the style sheet.
  static let css: HTML = "\(findings)\(pairs)\(loras)\(lists)"

  private static let findings: HTML = """
    .finding {
      border: 1px solid var(--line); border-left: 6px solid var(--info); border-radius: 6px;
      padding: 0.7rem 1rem 0.8rem; margin: 0.8rem 0;
    }
    .finding.high { border-left-color: var(--high); } .finding.medium { border-left-color: var(--medium); }
    .finding.low { border-left-color: var(--low); }
    .finding h3 { margin: 0 0 0.5rem; text-wrap: wrap; }
    .badge {
      display: inline-block; font-size: 0.78rem; font-weight: 600; padding: 0.1rem 0.5rem;
      border-radius: 1rem;
      color: var(--badge); background: var(--info); margin-right: 0.3rem; vertical-align: 0.08em;
    }
    .high .badge { background: var(--high); } .medium .badge { background: var(--medium); }
    .low .badge { background: var(--low); }
    .whom { font-weight: 400; color: var(--muted); overflow-wrap: anywhere; }
    .finding dl { display: grid; grid-template-columns: 6.2rem 1fr; gap: 0.25rem 0.8rem; margin: 0; }
    .finding dt { color: var(--muted); font-size: 0.92rem; }
    .finding dd { margin: 0; min-width: 0; max-width: 52rem; overflow-wrap: anywhere; }
    .finding ul { list-style: none; margin: 0; padding: 0; }
    .finding li + li { margin-top: 0.25rem; }
    #findings > details { margin-top: 1rem; }

    """

  private static let pairs: HTML = """
    .matrices, .maps { display: flex; flex-wrap: wrap; gap: 0.3rem 1.8rem; }
    .matrices > *, .maps > * { max-width: 100%; }
    details.pair { border: 1px solid var(--line); border-radius: 6px; margin: 0.7rem 0; }
    details.pair > summary { padding: 0.6rem 0.9rem; overflow-wrap: anywhere; }
    details.pair[open] > summary {
      border-bottom: 1px solid var(--line); background: var(--panel); border-radius: 6px 6px 0 0;
    }
    details.pair > .body { padding: 0.4rem 0.9rem 1rem; scroll-margin-top: 4rem; }
    .facts { display: inline-flex; flex-wrap: wrap; gap: 0 1rem; margin-left: 0.8rem; font-size: 0.88rem;
    color: var(--muted);
      font-variant-numeric: tabular-nums; }
    .overlaps { width: 100%; max-width: 58rem; }
    .overlaps th[scope="row"] { white-space: normal; min-width: 12rem; }
    .overlaps td.wide { width: 30%; }
    .bar { display: block; width: 100%; height: 0.75rem; }
    .track { fill: var(--track); } .fill { fill: var(--fill); } .chance { fill: var(--chance); }

    """

  private static let loras: HTML = """
    .cast {
      display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr));
    }
    .lora { border: 1px solid var(--line); border-radius: 6px; padding: 0.8rem 1rem; min-width: 0; }
    .lora h3 { margin: 0 0 0.3rem; overflow-wrap: anywhere; }
    .lora table { width: 100%; }
    .lora p { overflow-wrap: anywhere; }
    .lora thead th { white-space: normal; }
    .lora td.wide { width: auto; min-width: 3rem; }
    .bars td.wide { width: 100%; }
    .bars th, .bars td { border: 0; padding-top: 0.12rem; padding-bottom: 0.12rem; }
    .places { display: grid; gap: 0 1.5rem; grid-template-columns: 2fr 3fr; }
    figure { margin: 0.8rem 0; }
    figcaption { font-size: 0.85rem; color: var(--muted); }
    .spectrum { display: block; width: 100%; max-width: 34rem; height: auto; }
    .spectrum text { font-size: 11px; fill: var(--muted); }
    .grid { stroke: var(--line); stroke-width: 1; }
    polyline { fill: none; stroke: var(--unet); stroke-width: 2.2; stroke-linejoin: round; }
    polyline.te1 { stroke: var(--te1); stroke-dasharray: 6 3; }
    polyline.te2 { stroke: var(--te2); stroke-dasharray: 2 3; }
    .swatch { width: 1.75rem; height: 0.5rem; vertical-align: middle; }
    .curves span { margin-right: 0.8rem; white-space: nowrap; color: var(--ink); }

    """

  private static let lists: HTML = """
    .verdicts {
      display: grid; gap: 0.6rem 1.5rem;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
    }
    .verdicts dt { color: var(--muted); font-size: 0.92rem; }
    .verdicts dd { margin: 0; overflow-wrap: anywhere; }
    .recipes { min-width: min(100%, 40rem); }
    .recipes td, .recipes th { text-align: left; vertical-align: top; white-space: normal; }
    .recipes td { min-width: 8rem; max-width: 20rem; overflow-wrap: anywhere; }
    .recipes thead th { min-width: 8rem; max-width: 20rem; overflow-wrap: anywhere; }
    .recipes tbody th { min-width: 8rem; }
    .recipes .group th { color: var(--muted); font-weight: 600; padding-top: 1rem; }
    .recipes .differs td { background: var(--p1); }
    .mark { font-weight: 700; }
    .absent { color: var(--muted); }
    .glossary {
      display: grid; gap: 0.7rem 2rem;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
    }
    .glossary dt { font-weight: 600; }
    .glossary dd { margin: 0; color: var(--muted); }
    @media (max-width: 40rem) {
      .finding dl { grid-template-columns: 1fr; gap: 0; }
      .finding dt:not(:first-child) { margin-top: 0.5rem; }
      .places { grid-template-columns: minmax(0, 1fr); }
      .facts { margin: 0.2rem 0 0; }
      .overlaps th[scope="row"] { min-width: 0; }
      .overlaps .small { display: none; }
      .overlaps th, .overlaps td { padding-left: 0.2rem; padding-right: 0.2rem; }
      .overlaps td.wide { min-width: 2rem; }
    }

    """
}
