namespace Charging.Reliability.Model;

/// <summary>The limits of the model's server: lower than the defaults, so that a short journey meets them.</summary>
internal static class ModelLimits
{
    public const int LiveOrders = 2;
    public const int StartsPerPlugAndHour = 6;
    public const int UnpaidPerHour = 5;
    public const int OpenTopUps = 3;
    public const int ForeignCards = 5;
    public const int CardSwipesPerHour = 4;
    public const int RefusedSwipes = 5;

    /// <summary>The settings.</summary>
    public static IReadOnlyList<string> Settings =>
    [
        $"--Charging:Orders:MaxLiveOrders={LiveOrders}",
        $"--Charging:Orders:MaxStartsPerPlugAndHour={StartsPerPlugAndHour}",
        $"--Charging:Orders:MaxUnpaidPerHour={UnpaidPerHour}",
        $"--Charging:Payment:MaxOpenTopUps={OpenTopUps}",
        $"--Charging:Cards:MaxForeignNumbers={ForeignCards}",
        $"--Charging:Cards:MaxSwipesPerHour={CardSwipesPerHour}",
        $"--Charging:Cards:MaxRefusedSwipes={RefusedSwipes}",
    ];
}
