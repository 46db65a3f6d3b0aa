/// Tags that describe any picture, and tags that describe looks: neither makes a good trigger by itself.
enum GenericTags {
  /// Tags that many pictures of anyone share.
  static let common: Set<String> = list(
    """
    1girl, 1boy, 2girls, 2boys, multiple girls, multiple boys, 1other, solo, solo focus, no humans, girl,
    boy, woman, man, person, female, male, character, looking at viewer, simple background,
    white background, grey background, transparent background, full body, upper body, cowboy shot,
    portrait, close-up, smile, open mouth, closed mouth, blush, standing, sitting, highres, absurdres,
    masterpiece, best quality, high quality, amazing quality, very aesthetic, aesthetic, newest,
    official art, anime, anime style, artist name, signature, watermark, breasts, score_9, score_8_up,
    score_7_up, source_anime, rating_safe, rating_explicit, safe, sensitive, general, nsfw, photo,
    realistic, illustration, art, image, picture, style, bangs, long hair, short hair, medium hair,
    virtual youtuber, commentary, english text, monochrome, greyscale
    """)

  /// Last words of tags that describe looks, clothing or pose.
  private static let looks: Set<String> = list(
    """
    hair, eyes, eye, breasts, bow, bowtie, ribbon, ribbons, shirt, skirt, dress, background, viewer,
    gloves, glove, hat, boots, shoes, socks, thighhighs, pantyhose, legwear, uniform, sleeves, jacket,
    coat, shorts, pants, hairband, headband, hairclip, ornament, earrings, jewelry, necklace, choker,
    collar, necktie, belt, cape, horns, horn, ears, tail, wings, halo, glasses, mask, ponytail, twintails,
    braid, braids, ahoge, sidelocks, intakes, bun, skin, mole, scar, fang, teeth, tongue, lips, nails,
    apron, kimono, swimsuit, bikini, leotard, bodysuit, armor, sweater, hoodie, vest, cardigan, serafuku,
    hood, sword, weapon, scrunchie, cuffs, frills, footwear, headwear, headphones, hairpin, flower, mouth,
    shoulders, midriff, navel, cleavage, thighs, legs, arms, hand, hands, up, down, side, body, shot,
    focus, quality, pupils, eyelashes, eyebrows, makeup, blush, smile, suit, tie, bag, tights
    """)

  /// Folder names that only say that there are images inside.
  static let folders: Set<String> = list(
    """
    img, imgs, image, images, data, dataset, datasets, train, training, pics, photos, pictures, input,
    source, crop, cropped, all, main, concept, character, characters, default, raw, processed, captioned,
    reg, regularization, good, best, high, medium, low, new, final, lora
    """)

  private static func list(_ words: String) -> Set<String> {
    Set(
      words.split(whereSeparator: { $0 == "," || $0 == "\n" }).map {
        String($0).trimmed.split(separator: "_").joined(separator: " ")
      })
  }

  /// Whether a tag describes looks rather than names somebody.
  static func describesLooks(_ tag: String) -> Bool {
    guard let last = tag.lowercased().split(whereSeparator: { $0 == " " || $0 == "_" || $0 == "-" }).last
    else {
      return false
    }
    return looks.contains(String(last))
  }

  /// Whether a tag has the form that image boards give to characters: a name and, in brackets, a series.
  static func namesSomebody(_ tag: String) -> Bool { tag.hasSuffix(")") && tag.contains("(") }
}
