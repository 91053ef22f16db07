using Charging.Server.Accounts;
using Charging.Server.ApiDocs;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Clock;
using Charging.Server.Moving;
using Charging.Server.Operations;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

try
{
    var app = Build(args);
    var guard = app.Services.GetService<MoveGuard>();
    await app.RunAsync();
    guard?.Check();
    return 0;
}
catch (Exception e) when (StartupException.Complaint(e) is { } sentence)
{
    await Console.Error.WriteLineAsync(sentence);
    return 1;
}

/// <summary>The server: an index of its features.</summary>
public static partial class Program
{
    /// <summary>Puts the server together without starting it.</summary>
    /// <param name="args">Settings, as on the command line: `--Charging:DataDirectory=/var/lib/charging`.</param>
    /// <param name="configure">What a test replaces.</param>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = Register(args);
        configure?.Invoke(builder);

        var app = builder.Build();
        if (app.Services.GetRequiredService<StoreOptions>().Moving)
            return app.MapMoving();
        app.UseTelemetry();
        app.UseCalls();
        app.MapAccounts();
        app.MapCards();
        app.MapPiles();
        app.MapOrders();
        app.MapPayments();
        app.MapOperations();
        app.MapApiDocs();
        app.OpenStore();
        return app;
    }

    /// <summary>Registers all that the server is made of, without making anything.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static WebApplicationBuilder Register(string[] args)
    {
        // Settings lie beside the program, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddCalls();
        if (builder.AddStore().Moving)
            return builder.AddMoving();
        builder.AddClockWatch();
        builder.AddAccounts();
        builder.AddCards();
        builder.AddPiles();
        builder.AddOrders();
        builder.AddPayments();
        builder.AddOperations();
        builder.AddApiDocs();
        builder.AddTelemetry();
        builder.AddDemo();
        builder.AddDueWork();
        builder.RefuseUnknownSettings();
        return builder;
    }
}
