import Images

/// What a part of the drawing shows; parts of one kind have one colour.
enum Part: Int, CaseIterable, Sendable {
  case background, hair, skin, shirt, garment
  case ink, shoe, seat, lip, blush, hat, crown

  /// The kinds whose colour a caption names.
  var isNamed: Bool { rawValue <= Part.garment.rawValue }

  /// The colour of the others.
  var fixedColour: Colour {
    switch self {
    case .shoe: Colour(red: 84, green: 52, blue: 40)
    case .seat: Colour(red: 96, green: 104, blue: 124)
    case .lip: Colour(red: 196, green: 60, blue: 70)
    case .blush: Colour(red: 240, green: 140, blue: 140)
    case .hat: Colour(red: 76, green: 54, blue: 140)
    case .crown: Colour(red: 236, green: 166, blue: 22)
    default: Colour(red: 28, green: 24, blue: 32)
    }
  }
}

extension Doll.Hair {
  var colour: Colour {
    switch self {
    case .black: Colour(red: 44, green: 40, blue: 52)
    case .brown: Colour(red: 126, green: 78, blue: 44)
    case .blonde: Colour(red: 244, green: 212, blue: 96)
    case .red: Colour(red: 206, green: 48, blue: 38)
    case .blue: Colour(red: 56, green: 96, blue: 216)
    case .green: Colour(red: 52, green: 160, blue: 84)
    case .pink: Colour(red: 240, green: 124, blue: 188)
    case .white: Colour(red: 222, green: 222, blue: 234)
    }
  }
}

extension Doll.Skin {
  var colour: Colour {
    switch self {
    case .pale: Colour(red: 252, green: 222, blue: 200)
    case .tan: Colour(red: 216, green: 160, blue: 112)
    case .dark: Colour(red: 118, green: 74, blue: 50)
    case .green: Colour(red: 132, green: 190, blue: 110)
    }
  }
}

extension Doll.Shirt {
  var colour: Colour {
    switch self {
    case .red: Colour(red: 214, green: 48, blue: 44)
    case .blue: Colour(red: 50, green: 94, blue: 206)
    case .green: Colour(red: 46, green: 148, blue: 76)
    case .yellow: Colour(red: 246, green: 206, blue: 50)
    case .purple: Colour(red: 136, green: 66, blue: 176)
    case .white: Colour(red: 240, green: 240, blue: 240)
    case .black: Colour(red: 46, green: 46, blue: 54)
    }
  }
}

extension Doll.GarmentColour {
  var colour: Colour {
    switch self {
    case .black: Colour(red: 50, green: 50, blue: 60)
    case .white: Colour(red: 236, green: 236, blue: 236)
    case .blue: Colour(red: 60, green: 86, blue: 170)
    case .brown: Colour(red: 132, green: 86, blue: 50)
    case .red: Colour(red: 190, green: 44, blue: 48)
    }
  }
}

extension Doll.Background {
  var colour: Colour {
    switch self {
    case .white: Colour(red: 250, green: 250, blue: 250)
    case .grey: Colour(red: 166, green: 166, blue: 166)
    case .green: Colour(red: 178, green: 226, blue: 178)
    case .blue: Colour(red: 166, green: 206, blue: 242)
    case .pink: Colour(red: 250, green: 204, blue: 222)
    case .yellow: Colour(red: 250, green: 238, blue: 172)
    }
  }
}

extension Doll {
  /// The colour of a part of this doll.
  func colour(_ part: Part) -> Colour {
    switch part {
    case .background: background.colour
    case .hair: hair.colour
    case .skin: skin.colour
    case .shirt: shirt.colour
    case .garment: garmentColour.colour
    default: part.fixedColour
    }
  }
}
