import TOML

/// Why a recipe file cannot be used, in one sentence.
typealias RecipeFileError = TOMLError
