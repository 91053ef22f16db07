using Charging.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>How chargectl finds its server and its key, as a process with an environment.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task The_environment_names_the_server_and_the_key()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "014441AC53");
        var byKey = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY", app.Key())), "piles", "list", "--json");
        Assert.Equal((0, ""), (byKey.ExitCode, byKey.Error));
        Assert.Equal(1, byKey.Json.GetProperty("piles").GetArrayLength());
        var byFile = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY_FILE", app.KeyFile())), "piles", "list");
        Assert.Equal(0, byFile.ExitCode);
        Assert.Contains("014441AC53", byFile.Output);
    }

    [Fact]
    public async Task A_file_that_is_named_comes_before_the_environment()
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY", "wrong")), "piles", "list", "--key-file", app.KeyFile());
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Without_a_valid_key_it_says_where_to_get_one()
    {
        await using var app = await ChargingApp.StartAsync();
        var wrong = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY", "wrong")), "piles", "list");
        Assert.Equal((1, ""), (wrong.ExitCode, wrong.Output));
        Assert.Contains("CHARGECTL_KEY", wrong.Sentence);
        var none = await Ctl.RunAsync(["piles", "list", "--address", app.Address(), "--key-file", Path.Combine(app.DataDirectory, "none")]);
        Assert.Equal((1, ""), (none.ExitCode, none.Output));
        Assert.Contains("--key-file", none.Sentence);
    }

    [Fact]
    public async Task A_proxy_of_the_environment_is_not_asked_for_this_machine()
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY", app.Key()), ("HTTP_PROXY", "http://127.0.0.1:1"), ("http_proxy", "http://127.0.0.1:1")), "piles", "list");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("piles", "list")]
    [InlineData("--help")]
    [InlineData("piles", "list", "--json")]
    public async Task A_full_disk_is_one_sentence(params string[] args)
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await Ctl.ProcessAsync(Environment(app, ("CHARGECTL_KEY", app.Key())), "/dev/full", args);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("The output cannot be written: No space left on device", run.Sentence);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "--address")]
    [InlineData("https://127.0.0.1:1", "--address")]
    [InlineData("nowhere", "http://127.0.0.1:8091")]
    [InlineData("ftp://127.0.0.1", "http://127.0.0.1:8091")]
    public async Task A_server_that_is_not_there_is_named(string address, string hint)
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await Ctl.RunAsync(["orders", "list", "--address", address, "--key-file", app.KeyFile()]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(address, run.Sentence);
        Assert.Contains(hint, run.Sentence);
    }

    [Fact]
    public async Task A_port_that_speaks_no_gRPC_is_named()
    {
        await using var app = await ChargingApp.StartAsync();
        var address = $"http://127.0.0.1:{app.Port("Http")}";
        Assert.Contains(address, (await Ctl.RunAsync(["piles", "list", "--address", address, "--key-file", app.KeyFile()])).Sentence);
    }

    private static Dictionary<string, string> Environment(ChargingApp app, params (string Name, string Value)[] others) =>
        others.Append(("CHARGECTL_ADDRESS", app.Address())).ToDictionary();
}
