"""The corpus of make_tokenizer_fixture.py, and the words that its small vocabulary is trained on."""

import unicodedata

PLAIN = [
    "", " ", "a", "!", "!!", "hello world", "Hello, World!", "A PHOTO OF A CAT", "a photo of a cat.", "photo\tof\na cat\r\n",
    "  leading and trailing   ", "1girl, solo, long hair, blue eyes", "masterpiece, best quality, absurdres, highres",
    "konrad \\(series\\), 1boy, male focus", "smart falcon \\(umamusume\\), horse ears, horse tail, ^_^, :3, >_<, @_@",
    "score_9, score_8_up, score_7_up, source_anime, rating_explicit", "o_o, 0_0, +_+, |_|, =_=, u_u, x_x, ;)",
    "hatsune_miku_(vocaloid), twintails, aqua_hair, necktie", "fate/stay_night, saber_(fate), artoria_pendragon",
    "re:zero, rem_(re:zero), k-on!, steins;gate, yu-gi-oh!, .hack//", "idolmaster: million live!!, the_idolm@ster",
    "shirt (blue:1.3), [pants], ((hat)), {red|green} <lora:konrad:0.8>", "year 2024, newest, 4k, 8k, 35mm, f/1.8, 1/250s",
    "it's, it'S, IT'S, don't, DON'T, they're, we've, I'm, she'll, he'd", "'s 't 're 've 'm 'll 'd", "'tis 'twas rock 'n' roll",
    "o'clock, y'all'd've, fo'c's'le", "''quoted'' 'single' \"double\" `tick`", "it\u2019s a curly apostrophe, don\u2019t",
    "'\u017f \u017f \u017ftrange", "'ſ'S'ſ", "rock'n'roll's dogs' cat's-eye", "can't've", "'LL 'RE 'VE 'D 'M",
    "0 1 12 123 1234567890", "3.14159, -273.15, 1e-5, 0x1F, 1,000,000", "2nd 3rd 21st", "½ ¼ ² ³ ¹ ① Ⅷ ⅳ ٣ ३ ３ 万 〇",
    "http://www.example.org/path?query=1&x=y#frag", "https://user:pw@host.example:8080/a/b/../c.html",
    "mail: someone@example.com", "C:\\Users\\name\\file.txt", "/usr/local/bin/env", "key=value; a->b; x::y; **bold** __init__",
    "supercalifragilisticexpialidocious", "pneumonoultramicroscopicsilicovolcanoconiosis", "Donaudampfschifffahrtsgesellschaft",
    "x" * 120, "ab" * 90, "aaaaaaaaaaaaaaaa", "hahahahahahaha!!!!!!!!!???????", "." * 50, "-" * 33, "_" * 20, "=" * 77,
    "a,b,c,d,e,f,g", "a.b.c.d", "word-with-hyphens", "snake_case_name", "CamelCaseName", "ALLCAPS123", "mIxEd CaSe",
    "word " * 100, "the quick brown fox jumps over the lazy dog " * 3, "cat " * 76, "$100 €50 £20 ¥1000 ₹500 ₿1", "50% off & more © ® ™ § ¶",
    "± × ÷ ≠ ≤ ≥ ∞ ∑ √ ∫ ∂", "← ↑ → ↓ ↔ ⇒", "■ □ ▲ △ ● ○ ◆ ◇ ★ ☆", "♠ ♣ ♥ ♦ ♪ ♫", "─│┌┐└┘├┤┬┴┼", "…—–‐‑‒―", "«guillemets» „German“ “English” ‘single’ 「日本」『本』【】",
    "\\", "\\\\", "\\(", "(", ")", "()", "[]", "{}", "<>", "<", "|", "<|", "|>", "#", "@", "~", "^", "`",
]

SPECIAL = [
    "<|endoftext|>", "<|startoftext|>", "<|endoftext|><|endoftext|>", "a<|endoftext|>b", "a <|endoftext|> b", "<|startoftext|>hello<|endoftext|>",
    "<|ENDOFTEXT|>", "<|EndOfText|> x", "!!<|ENDOFTEXT|>!!", "<|ENDOFTEXT|>!!", "<|STARTOFTEXT|>s's", "<|endoftext|", "<endoftext>", "|endoftext|>",
    "<|endoftext |>", "<|end\u200boftext|>", "É<|endoftext|>\u0301e", "e<|startoftext|>\u0301", "<<|endoftext|>>", "<|endoftext|>'s", "'<|ENDOFTEXT|>",
    "wow! such! much!!!", "! leading", "trailing !", "a!b!c", "¡hola!", "！ full-width", "!!!111", "what?!", "?!?!", "!\u0301", "!<|endoftext|>!",
    "<|ENDOF\u212aEXT|>", "<|ſtartoftext|>",
]

LANGUAGES = [
    "Café au lait, crème brûlée, déjà vu, naïve façade", "Größe, Straße, STRASSE, ẞ, groß, Übermut, ÄÖÜ", "El niño pingüino comió piñata, ¿qué?",
    "São Paulo, coração, ações", "Åse Ærø Øst, smörgåsbord", "Příliš žluťoučký kůň úpěl ďábelské ódy", "Zażółć gęślą jaźń", "Árvíztűrő tükörfúrógép",
    "İstanbul, IĞDIR, ığdır, şişe, ÇAĞRI, İİİ", "I İ i ı", "ŐŰ Ŀ ŀ ŉ ǅ ǆ Ǆ ǈ ǋ ǲ", "Ĳssel ĳ ﬁ ﬂ ﬀ ﬃ ﬅ ﬆ", "Ελληνικά: ΟΔΥΣΣΕΥΣ, Σίσυφος, ΣΑΣ Σ ς σ", "ΆΈΉΊΌΎΏ άέήίόύώ ΐ ΰ ᾳ ῳ ᾼ ᾈ Ἀθῆναι",
    "Привет, мир! Ёжик, ЁЛКА, й И\u0306", "Українська: Їжак, ґанок, є", "Српски: Љубав, Њ, Џ ђ ћ", "Български език", "Монгол хэл өү", "Ꙗзыкъ словѣньскъ",
    "Հայերեն ԲԱՐԵՒ և", "ქართული ენა ᲥᲐᲠᲗᲣᲚᲘ", "ⴀⴁⴂ ႠႡႢ", "ᏣᎳᎩ ꭰꭱꭲ Ꭰ", "עברית שָׁלוֹם, בְּרֵאשִׁית", "שׁ שּׁ וֹ אַ", "العربية: مرحبا بالعالم", "اَلسَّلَامُ عَلَيْكُمْ", "ﷺ ﻻ ﺍﺐ", "فارسی: سلام دنیا، ۱۲۳", "اردو زبان ٹھیک ہے",
    "हिन्दी: नमस्ते दुनिया, क़िला, ज़मीन", "क\u093cिला ज\u093cमीन", "বাংলা ভাষা, ড় ঢ় য় কো কৌ", "ਪੰਜਾਬੀ ਸ਼ ਖ਼", "ગુજરાતી", "தமிழ் மொழி கொ கோ", "తెలుగు భాష", "ಕನ್ನಡ ಕೊ", "മലയാളം കൊ", "සිංහල ශ්‍රී", "ภาษาไทย สวัสดีชาวโลก ก็ ปู่ น้ำ",
    "ພາສາລາວ", "မြန်မာဘာသာ", "ភាសាខ្មែរ", "བོད་ཡིག", "ᠮᠣᠩᠭᠣᠯ", "አማርኛ ሰላም ፩፪፫", "中文：你好，世界！", "繁體中文：臺灣龍", "一二三四五六七八九十百千萬", "日本語：こんにちは世界", "カタカナ ｶﾀｶﾅ ﾊﾟﾋﾟ ガギグ", "か\u3099き\u3099は\u309aハ\u309aゝ\u3099", "東京都、初音ミク、女の子、猫耳",
    "한국어: 안녕하세요 세계", unicodedata.normalize("NFD", "한국어 안녕 값 없다"), "ᄀ ᅡ ᆨ 각 각 ᄀ\u1161\u11a7 가\u11a7", "Tiếng Việt: Xin chào thế giới, Đường, ƯỚC", unicodedata.normalize("NFD", "Tiếng Việt: Xin chào thế giới, Đường"), "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ߒߞߏ", "𐐀𐐨 𐐁 𐒰𐓘", "𞤀𞤣𞤤𞤢𞤥", "𝓗𝓮𝓵𝓵𝓸 𝔚𝔬𝔯𝔩𝔡 𝟙𝟚𝟛 𝐀𝐁", "ＦＵＬＬ ｗｉｄｔｈ １２３ ！？", "ⒶⒷⓐ 🅰 ㈱ ㍿ ℃ ℉ Å K Ω",
    "豈更車 﨑 﨟 塚 𠮷野家 𩸽 葛󠄀", "ʻokina Hawaiʻi ʼ ˈ ː", "ɐɓɕ ðæt ɪz Ɐ Ɑ Ɒ", "Ȿ Ɀ Ⱥ Ⱦ ⱥ", "ꜦꜨ Ꞌ ꞌ Ɬ", "Latin ǰ ẖ ẗ ẘ ẙ ẚ", "𖹀𖹠 𑢠𑣀 𐲀𐳀",
]

MARKS = [
    "e\u0301 é E\u0301 É", "A\u030a Å \u212b", "o\u0302\u0323 o\u0323\u0302 ộ", "q\u0307\u0323 q\u0323\u0307", "a\u0301\u0301\u0301", "\u0301", " \u0301", "\u0301a", "a \u0301b", "Z\u0351\u036b\u0343a\u0321\u032dl\u0334\u0315g\u0358o\u0329",
    "\u0344 \u0340 \u0341 \u0343 \u0374 \u037e \u0387", "\u1e9b\u0323 \u1e69 s\u0323\u0307 s\u0307\u0323", "\u0f71\u0f72 \u0f73 \u0f75 \u0f81", "\u0958 \u09dc \u0a33 \ufb1d \ufb2a \ufb4e", "\u2126 \u212a \u2000 \u2001 \u2329 \u232a \u2adc", "\u1100\u1161\u11a8 \uac00\u11a8 \uac01", "i\u0307 \u0130 I\u0307 \u0131\u0307", "\u1fbe \u1fef \u1ffd ` ´", "\u0915\u094d\u0937 \u0915\u094d\u200d\u0937", "\u0627\u0653 \u0622 \u0627\u0654 \u0623",
    "\u0cc6\u0cc2\u0cd5 \u0ccb", "\u0dd9\u0dcf\u0dca \u0ddd", "\u1025\u102e \u1026", "\U0001d15e \U0001d157\U0001d165", "\U00011099\U000110ba \U0001109a", "\U0002f800 \U0002fa1d \uf900 \ufad9", "a\u0315\u0300\u05ae\u0062", "a\u05ae\u0300\u0315b", "a\u20d0\u0301", "x\u0338= \u226f >\u0338 <\u0338 =\u0338",
    "\u0d46\u0d3e \u0d4a", "\u09c7\u09be \u09cb", "\u0b47\u0b3e \u0b4b", "\u30ab\u3099 \u30ac \uff76\uff9e", "\u0928\u093c \u0929", "\u06d5\u0654 \u06c0", "\u03b1\u0345\u0301 \u1fb4 \u03b1\u0301\u0345", "\u01b7\u030c \u01ee", "K\u0301 \u1e30 \u212a\u0301", "\u0391\u0313\u0300\u0345 \u1f8a",
    # Marks newer than the reference's normaliser stay where they are.
    "a\u2dea\u1ac3", "a\U000113d0\u0345", "a\u0301\u1dfb \u1dfb\u0301", "\U00011935\U00011930 \U00011938", "\U00016d67\U00016d67 \U00016d68",
]

EMOJI = [
    "😀", "😀😃😄", "I ❤️ you", "❤ ❤️ ♥️", "👍🏽 👍 👍🏿", "👨‍👩‍👧‍👦 family", "👩‍🚀👨🏾‍🚀", "🏳️‍🌈 🏴‍☠️", "🇩🇪🇯🇵🇺🇸", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣ #️⃣ *️⃣", "🐱🐶 cat😺dog", "🧑‍💻 coding 💻", "😶‍🌫️ 😮‍💨 ❤️‍🔥", "🫠🫡🫥🪿🫨", "🦄✨🌈", "☺☻ ☹️ ✌️ ☝🏻", "ʕ•ᴥ•ʔ (╯°□°)╯︵ ┻━┻ ¯\\_(ツ)_/¯", "(◕‿◕✿) ಠ_ಠ", "🀄🃏🎴", "⌚️⏰", "🈁🈚️🉐", "👁️‍🗨️", "🧌🫶🏻", "🎅🏼🤶", "👨‍❤️‍💋‍👨", "text😀text 1😀2 !😀!", "🤦🏼‍♂️", "🇦🇧🇨 🇦", "💩" * 20,
]

SPACES = [
    "a\u00a0b", "a\u3000b", "a\u2003b\u2009c\u200ad", "a\u200bb", "a\u200cb\u200dc", "a\ufeffb", "\ufeffstart", "a\u2028b\u2029c", "a\u0085b", "a\u180eb", "a\u1680b\u202fc\u205fd", "a\u2060b", "\u3000\u3000", "\u00a0", "\t\n\v\f\r", "a \t\n b", "line one\nline two\r\nline three", "a\u001cb\u001db\u001ec\u001fd", "a\x00b", "\x00", "\x01\x02\x03", "a\x07b\x08c", "\x7f \x80 \x9f", "a\x1b[31mred\x1b[0m", "soft\u00adhyphen", "rtl\u200f ltr\u200e \u202aembed\u202c", "\ufffd \ufffc", "\ufffe \uffff \U0010ffff", "\ue000 private \uf8ff", "\U000e0001 tag", "a\ufe0fb \u180b", "word\u2800braille ⠓⠑", "\u115f\u1160 \u3164 \uffa0", "\U0001fffe", "\u0378 \u0530 \u2fe0 unassigned", "\u1c89 \ua7cb \ua7da \U00010d50 newer letters", "\U00016ea0 \ua7ce newest letters", "\U0001e5f1 \U00011bf0 newer digits", "\ua7d2 \U0003134a \U000323b0 \U0003347a", "a\u034fb",
]

CAPTIONS = [
    "a photo of sks person wearing a red hoodie, standing in front of a café", "konrad and lisar holding hands, 2boys, outdoors, sunset, (detailed background:1.2)",
    "An oil painting of a fox in the style of Vincent van Gogh, thick impasto", "portrait of a woman, 85mm, f/1.4, bokeh, soft light -- highly detailed", "1girl, solo, looking at viewer, smile, open mouth, :d, blush, simple background, white background, BREAK, blue dress",
    "lowres, bad anatomy, bad hands, text, error, missing fingers, extra digit, fewer digits, cropped, worst quality, low quality, normal quality, jpeg artifacts, signature, watermark, username, blurry",
    "cinematic still of R2-D2 & C-3PO, Tatooine's twin suns @ dusk", "mr. & mrs. o'neill's 25th anniversary (1999–2024)", "a close-up of a €2 coin next to a 12\" ruler; 3.5 cm × 4.5 cm", "@user #hashtag #another_one https://t.co/AbC123 lol :) <3",
    "shin'ya_(artist), xiǎolóngbāo, Pokémon, pokémon, POKÉMON, Poke\u0301mon", "übergröße straßenbahn fußgängerübergänge", "la niña está en el jardín; el pingüino también", "l'été d'Anaïs, qu'il n'aime pas, aujourd'hui", "Æon Flux vs. Œdipus; façade", "Ꭲhis has Ϲyrillic lооkаlikes", "ℌ𝔢𝔩𝔩𝔬 𝕨𝕠𝕣𝕝𝕕 ｈｅｌｌｏ", "no-humans,scenery,cloudy_sky,1other,multiple_others,6+girls", "girl'sdress isn'tit we'rehere I'lltry", "abc1def2ghi", "x1y2z3", "１girl ２boys", "90s,1980s_(style),20th-century", "e=mc², H₂O, 10⁻⁹, ½-inch", "ⅷ Ⅷ ⅧⅨ ⓪ ➀ ㊿ ꘠ 𐄇", "〇一二 〡〢〣 ᛮ", "AND BREAK OR NOT", "break Break bREAK", "dog cat\u00a0bird\u3000fish", "ThE qUiCk BrOwN fOx",
]

# Every block of scripts, a few scalars each, between letters, so that every class of scalar meets every other.
BLOCKS = [
    "".join(("a" if index % 2 else " ") + chr(code) for index, code in enumerate(range(block, block + 0x400, 61)))
    for block in [*range(0x0080, 0xD800, 0x400), *range(0xE000, 0x20000, 0x800), 0x20000, 0x2A700, 0x2F800, 0x30000, 0xE0000]
    if block < 0xD400 or block >= 0xE000
]

TEXTS = list(dict.fromkeys(PLAIN + SPECIAL + LANGUAGES + MARKS + EMOJI + SPACES + CAPTIONS + BLOCKS))

# What the small vocabulary learns from: lower case, one word each.
WORDS = (
    "the a photo of cat dog girl boy hair eyes blue red solo long looking at viewer smile masterpiece best quality "
    "konrad lisar and with style painting background white hello world 's 't 're 've 'll caf\u00e9 gr\u00f6\u00dfe na\u00efve "
    "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u65e5\u672c\u8a9e \u4e16\u754c \u732b \U0001f600 \u2764\ufe0f !! !!! ... |> <| ,, haha "
    "horse ears tail standing sitting in on the the the photo photo cat cat girl girl word words eyes eyes"
).split()
