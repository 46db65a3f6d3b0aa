/// Every symbol of the page in one plain sentence.
enum HTMLGlossary {
  /// The whole section.
  static let html: HTML = """
    <section id="words">
    <h2>Words and symbols</h2>
    <dl class="glossary">
    \(entries.map { term, meaning in "<div><dt>\(term)</dt><dd>\(meaning)</dd></div>\n" })
    </dl>
    </section>

    """

  private static let entries: [(HTML, HTML)] = [
    (
      "ΔW",
      """
      What a LoRA adds to the weights of a layer: up times down, times alpha over rank, times
      strength.
      """
    ),
    (
      "‖ΔW‖, energy",
      """
      How large that change is over all layers; twice the strength is twice the ‖ΔW‖, and energy is
      its square.
      """
    ),
    (
      "Cosine",
      """
      Whether two LoRAs used together add up (+1 at most), leave each other alone (0) or cancel (−1)
      in the weights themselves.
      """
    ),
    (
      HTMLTable.omegaOut,
      """
      How far two LoRAs push a layer’s output along the same directions; what each does strongly
      counts most.
      """
    ),
    (
      HTMLTable.omegaIn,
      """
      How far two LoRAs listen to the same features of a layer’s input; what each does strongly
      counts most.
      """
    ),
    (
      "\(HTMLTable.phiOut), \(HTMLTable.phiIn)",
      """
      The same two questions with every direction counting alike, however weakly the LoRA uses it.
      """
    ),
    (
      "Chance",
      """
      The overlap that unrelated LoRAs of these ranks would have, since high ranks in small layers
      must overlap.
      """
    ),
    (
      "Excess",
      """
      How far an overlap has come from chance (0) to complete (1); below 0 it is less than chance
      gives.
      """
    ),
    (
      "z",
      """
      How surely a number is not chance, in standard deviations: up to about 3 chance explains it,
      and a large z with a small excess means surely there, but small.
      """
    ),
    (
      "Principal angle",
      """
      The angle between the closest directions of two LoRAs in a layer: 0° is the same direction,
      90° nothing shared.
      """
    ),
    (
      "Effective rank",
      """
      How many directions a LoRA really uses in a layer; for a plain LoRA its rank is the most it
      can be.
      """
    ),
    (
      "σ<sub>1</sub> share",
      """
      How much of a LoRA’s energy lies in the strongest direction of each layer; near 100 % it does
      one thing only.
      """
    ),
    (
      "Energy ratio",
      """
      The energy of all LoRAs together over the sum of their own; 1 means that, on the whole, they
      do not meet.
      """
    ),
    (
      "UNet, TE1, TE2",
      """
      The network that draws, and the text encoders that read the prompt; SDXL has two of them, SD
      1.x has one.
      """
    ),
    (
      "Block",
      """
      A stage of the UNet from coarse to fine and back: in, down, mid, up, out; te1 and te2 are the
      text encoders.
      """
    ),
    (
      "Role",
      """
      What a layer does: cross-attention k and v read the prompt, self-attention relates parts of
      the picture, feed-forward and conv layers draw.
      """
    ),
    (
      "lora_down, lora_up",
      """
      The two factors of a LoRA: down chooses what it listens to, up what it writes.
      """
    ),
  ]
}
