using Charging.Ops.V1;
using Charging.Server.Operations;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Charging.Testing;

/// <summary>What an operator of the app under test has.</summary>
public static class Operator
{
    /// <summary>The file with the operator key.</summary>
    public static string KeyFile(this ChargingApp app) => Path.Combine(app.DataDirectory, OperatorKeyFile.Name);

    /// <summary>The operator key.</summary>
    public static string Key(this ChargingApp app) => File.ReadAllText(app.KeyFile()).Trim();

    /// <summary>Calls with the operator key.</summary>
    public static CallInvoker AsOperator(this ChargingApp app) => app.CallingWith($"Bearer {app.Key()}");

    /// <summary>Makes an operator key of a role.</summary>
    /// <returns>The secret.</returns>
    public static async Task<string> NewKeyAsync(this ChargingApp app, Role role, string? name = null) =>
        (await new KeyService.KeyServiceClient(app.AsOperator()).AddKeyAsync(new AddKeyRequest { Name = name ?? $"{role}", Role = role })).Secret;

    /// <summary>Calls with an operator key of a role that was made just now.</summary>
    public static async Task<CallInvoker> AsAsync(this ChargingApp app, Role role) => app.CallingWith($"Bearer {await app.NewKeyAsync(role)}");

    /// <summary>Calls with something in `authorization`.</summary>
    public static CallInvoker CallingWith(this ChargingApp app, string? authorization) => app.Grpc.Intercept(headers =>
    {
        if (authorization is not null)
            headers.Add("authorization", authorization);
        return headers;
    });
}
