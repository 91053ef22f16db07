using System.Security.Cryptography;

namespace Charging.MqttBroker;

/// <summary>What Mosquitto 2 must know to be the broker of piles and nodes, in its own files.</summary>
public static class MosquittoFiles
{
    // What mosquitto_passwd takes. More would cost Mosquitto's one thread dearly when ten thousand piles come back at once, and
    // at each reading of the file, when it checks all that are connected; and a secret of 128 random bits needs no slow hash.
    private const int IterationsForPiles = 101;

    // A person may have chosen this one, and it opens everything.
    private const int IterationsForNodes = 100_000;
    private const int SaltBytes = 12;
    private const int HashBytes = 64;

    /// <summary>
    /// A beginning of a `mosquitto.conf`. At the piles' port a client id is what the user is called, so that no pile can push
    /// another out; the nodes have a port of their own, for they share a user name.
    /// </summary>
    public static string Configuration { get; } = $"""
        # A beginning, written by 'chargectl mqtt export': give addresses, and a certificate.
        per_listener_settings false
        allow_anonymous false
        password_file /etc/mosquitto/charging/passwords
        acl_file /etc/mosquitto/charging/acl
        persistence true
        persistence_location /var/lib/mosquitto/
        set_tcp_nodelay true
        message_size_limit {Codec.MaxMessageBytes}
        max_inflight_messages 1000
        max_queued_messages 10000

        # Piles.
        listener 8883
        use_username_as_clientid true
        certfile /etc/mosquitto/charging/tls.pem
        keyfile /etc/mosquitto/charging/tls.key

        # Nodes: keep this port from other machines, or encrypt it too.
        listener 1884 127.0.0.1

        """.ReplaceLineEndings("\n");

    /// <summary>The `acl_file`.</summary>
    /// <param name="node">The user name of the nodes; null when they have none yet.</param>
    public static string Acl(string? node) => Text(["# Who may do what. Written by 'chargectl mqtt export'.", .. Topics.MosquittoRules(node)]);

    /// <summary>A line of the `password_file`.</summary>
    /// <param name="user">A device number, or the user name of the nodes.</param>
    /// <param name="hash">What <see cref="HashOfPile"/> or <see cref="HashOfNodes"/> made of the secret.</param>
    public static string PasswordLine(string user, string hash) => $"{user}:{hash}";

    /// <summary>A pile's secret as it stands there: PBKDF2 with SHA-512 and a new salt.</summary>
    public static string HashOfPile(string secret) => Hash(secret, IterationsForPiles);

    /// <summary>The nodes' password as it stands there.</summary>
    public static string HashOfNodes(string password) => Hash(password, IterationsForNodes);

    private static string Hash(string secret, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = Rfc2898DeriveBytes.Pbkdf2(secret, salt, iterations, HashAlgorithmName.SHA512, HashBytes);
        return $"$7${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }

    /// <summary>Lines as a file.</summary>
    public static string Text(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));
}
