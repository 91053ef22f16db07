using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Charging.Server.Storage;
using Charging.Server.Tests.Piles;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>
/// An older program that reads a row of a newer one and writes it again, or exports it, drops every property that it does not
/// know. So each new property comes with a <see cref="Migration"/>, which may do nothing: then the older program refuses the data.
/// </summary>
public sealed class StoredPropertiesTests
{
    [Fact]
    public void What_is_stored_changes_with_the_version_of_the_schema_alone()
    {
        var path = Path.Combine(ForeignPileTests.Root(AppContext.BaseDirectory), "tests", "Charging.Server.Tests", "Storage", "stored-properties.txt");
        var stored = Charging.Server.Storage.Tables.All.Select(table => $"{table.Name}: {PropertiesOf(InfoOf(table), [])}");
        var text = string.Create(CultureInfo.InvariantCulture, $"version {Charging.Server.Storage.Tables.Migrations.Count}\n{string.Join('\n', stored)}\n");

        // When it differs: add a migration to Tables.Migrations, and put what is found into the file.
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), text);
    }

    private static JsonTypeInfo InfoOf(ITable table) => (JsonTypeInfo)table.GetType().GetProperty("Json")!.GetValue(table)!;

    private static string PropertiesOf(JsonTypeInfo info, IReadOnlyList<Type> within) => info.Kind switch
    {
        JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary => PropertiesOf(info.Options.GetTypeInfo(info.ElementType!), within),
        JsonTypeInfoKind.Object when !within.Contains(info.Type) => string.Join(' ', info.Properties.Select(property =>
            PropertiesOf(info.Options.GetTypeInfo(property.PropertyType), [.. within, info.Type]) is { Length: > 0 } inner ? $"{property.Name}({inner})" : property.Name)),
        _ => "",
    };
}
